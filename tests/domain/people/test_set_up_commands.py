"""`kniga user access` and `kniga organisation`: show, change, refuse."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kniga.cli import build_app, organisation, user
from kniga.people.models import AccessRule
from kniga.platform.errors import Refused
from kniga.platform.models import CalendarDay, Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _this_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (organisation, user):
        monkeypatch.setattr(command, "database", nullcontext)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(build_app(arguments[0]), list(arguments))


def answer(*arguments: str) -> Any:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_table_of_access_names_every_role_and_entity_with_its_default() -> None:
    rows = answer("user", "access", "--json")
    assert len(rows) == 21
    assert {"role": "rep", "entity": "deal", "level": "own", "default": "own"} in rows
    assert "delivery" in run("user", "access").stdout


def test_a_level_is_set_and_taken_back() -> None:
    row = {"role": "rep", "entity": "deal", "level": "team", "default": "own"}
    assert answer("user", "access", "rep", "deal", "team", "--json") == [row]
    assert AccessRule.objects.get().level == 2
    run("user", "access", "rep", "deal", "own")
    assert not AccessRule.objects.exists()


@pytest.mark.parametrize("arguments", [("king", "deal", "own"), ("rep", "deal", "most"), ("owner", "deal", "own")])
def test_a_level_that_cannot_be_is_refused(arguments: tuple[str, ...]) -> None:
    assert isinstance(run("user", "access", *arguments).exception, Refused)
    assert run("user", "access", arguments[0]).exit_code == 2
    assert not AccessRule.objects.exists()


def test_settings_are_shown_and_changed() -> None:
    assert answer("organisation", "--json")["currency"] == "RUB"
    changed = answer("organisation", "set", "name=Northern Racks", "currency=eur", "work_starts=08:30", "--json")
    assert (changed["name"], changed["currency"], changed["work_starts"]) == ("Northern Racks", "EUR", "08:30")
    assert "Northern Racks" in run("organisation").stdout


@pytest.mark.parametrize(
    ("pairs", "code"), [(["currency"], 2), (["colour=red"], 2), (["currency=?"], 1), (["work_ends=01:00"], 1)]
)
def test_wrong_settings_are_refused(pairs: list[str], code: int) -> None:
    result = run("organisation", "set", *pairs)
    assert result.exit_code == code and "Traceback" not in result.output
    assert not Organisation.objects.exists()


def test_a_day_is_set_off_and_taken_back() -> None:
    assert run("organisation", "day", "2026-12-24", "off", "--note", "closed").exit_code == 0
    assert answer("organisation", "--json")["days"] == [{"date": "2026-12-24", "is_working": False, "note": "closed"}]
    assert run("organisation", "day", "2026-12-24", "usual").exit_code == 0
    assert run("organisation", "day", "2026-12-24", "holiday").exit_code == 2
    assert not CalendarDay.objects.exists()


def test_the_command_line_shows_its_help_for_both() -> None:
    assert isinstance(organisation.app, typer.Typer)
    assert "KEY=VALUE" in run("organisation", "set", "--help").stdout
    assert "none, own, team, branch or all" in run("user", "access", "--help").stdout
