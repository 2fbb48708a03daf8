"""`kniga funnel` prints the same figures for people and for machines."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kniga.cli import funnel as command
from tests.domain.insights.department import Department, make_department

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Department:
    monkeypatch.setattr(command, "database", nullcontext)
    made = make_department()
    made.deal("0>1=won", amount=300, product=made.products[0])
    made.deal("0=lost", owner=made.reps[2], loss_reason=made.reasons[0])
    made.deal("0>1", owner=made.reps[1])
    return made


def call(*arguments: str) -> str:
    result = CliRunner().invoke(command.app, ["--process", "sale", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def answer(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call("--json", *arguments))
    return found


def test_machines_get_the_whole_funnel_as_json(made: Department) -> None:
    found = answer()
    assert found["pipeline"] == {"key": "sale", "name": "Sale"}
    assert [stage["entered"] for stage in found["stages"]] == [3, 2, 0, 0]
    assert found["totals"]["won_amount"] == "300.00"
    assert found["totals"]["win_rate"] == 0.5
    assert found["losses"] == [{"reason": made.reasons[0].name, "deals": 1, "amount": "100.00", "stages": {"s0": 1}}]
    assert (found["basis"], found["from"], found["to"]) == ("opened", None, None)


@pytest.mark.parametrize(
    "by, names",
    [
        ("rep", ["rep-North-1", "rep-North-2", "rep-South-1"]),
        ("manager", ["lead-North", "lead-South"]),
        ("branch", ["North", "South"]),
        ("month", ["2025-01", "Not closed yet"]),
    ],
)
def test_a_split_has_a_row_for_every_value(made: Department, by: str, names: list[str], settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    found = answer("--by", by)
    assert (found["by"], [row["name"] for row in found["rows"]]) == (by, names)
    assert sum(row["won"] for row in found["rows"]) == 1


def test_a_split_by_product_names_the_deals_without_one(made: Department) -> None:
    rows = answer("--by", "product")["rows"]
    assert [(row["value"], row["deals"]) for row in rows] == [(made.products[0].pk, 1), (None, 2)]
    assert rows[0]["stages"]["s1"]["won"] == 1


def test_people_get_a_table(made: Department) -> None:
    assert "Stage 1" in call()
    assert "rep-South-1" in call("--by", "rep")


def test_a_funnel_is_narrowed_by_names_and_by_rights(made: Department) -> None:
    assert answer("--only", "rep=REP-north-1")["totals"]["deals"] == 1
    assert answer("--only", "branch=North", "--only", "product=none")["totals"]["deals"] == 1
    assert answer("--only", "month=2025-01")["totals"]["deals"] == 2
    assert answer("--as", made.reps[2].email)["totals"]["deals"] == 1
    assert answer("--from", "2025-02-01")["totals"]["deals"] == 0


@pytest.mark.parametrize(
    "wrong, code",
    [
        (["--by", "moon"], 2),
        (["--basis", "moon"], 2),
        (["--only", "moon=1"], 2),
        (["--only", "month=moon"], 2),
        (["--only", "rep=Nobody"], 1),
        (["--as", "nobody@example.test"], 1),
    ],
)
def test_what_is_wrong_is_named(made: Department, wrong: list[str], code: int) -> None:
    result = CliRunner().invoke(command.app, ["--process", "sale", *wrong])
    assert result.exit_code == code
    assert wrong[-1].partition("=")[0] in result.stderr


def test_an_empty_installation_says_what_to_do(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr("kniga.insights.funnel.names.pipelines", list)
    with pytest.raises(typer.Exit):
        command._pipeline("")
