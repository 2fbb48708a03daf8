"""`kniga process check` needs no database and says by its exit code what it found, one line for each file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kniga.cli import process_check
from kniga.cli.process import app
from kniga.processes.versions.publishing import BOOKS
from tests.processes.books import book, decided_sale, task
from tests.processes.conftest import SMALL_SALE

BROKEN = SMALL_SALE.replace(b'targetRef="offer"', b'targetRef="nowhere"', 1)
STUCK = book(
    "stuck",
    f"""<startEvent id="s"/>{task("a", "left", "right")}<exclusiveGateway id="x" default="x_b"/>{task("b")}{task("c")}
    <parallelGateway id="j"/><endEvent id="e" kniga:result="won"/>
    <flows>
    s -> a
    a -> x
    x -> b
    b -> j
    c -> j
    j -> e
    </flows>
    <sequenceFlow id="x_c" sourceRef="x" targetRef="c"><conditionExpression language="urn:kniga:rules:1">
    {{"field": "outcome", "op": "eq", "value": "left"}}</conditionExpression></sequenceFlow>""",
)


def write(folder: Path, **files: bytes) -> list[str]:
    paths = []
    for name, content in files.items():
        path = folder / f"{name}.bpmn"
        path.write_bytes(content)
        paths.append(str(path))
    return paths


def check(*paths: str) -> tuple[int, list[dict[str, Any]]]:
    result = CliRunner().invoke(app, ["check", *paths, "--json"])
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_the_shipped_books_are_sound() -> None:
    code, lines = check(*map(str, sorted(BOOKS.glob("*.bpmn"))))
    assert code == 0
    assert [line["verdict"] for line in lines] == ["sound"] * 4


def test_a_broken_file_is_named_with_place_and_cure(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", *write(tmp_path, broken=BROKEN)])
    assert result.exit_code == 1
    assert "nowhere" in result.output and "line " in result.output


def test_each_file_has_its_line_of_json_and_the_worst_decides_the_code(tmp_path: Path) -> None:
    files = write(tmp_path, good=SMALL_SALE, broken=BROKEN, stuck=STUCK, text=b"no XML", empty=b"")
    code, lines = check(*files, str(tmp_path / "missing.bpmn"), str(tmp_path))
    assert code == 2
    verdicts = [line["verdict"] for line in lines]
    assert verdicts == ["sound", "refused", "unsound", *["unreadable"] * 4]
    assert all(list(line) == ["file", "verdict", "problems", "seconds"] for line in lines)
    problems = [problem for line in lines for problem in line["problems"]]
    assert all(list(problem) == ["code", "severity", "element", "place", "message", "path"] for problem in problems)


def test_what_is_not_sound_is_shown_by_a_path(tmp_path: Path) -> None:
    code, (line,) = check(*write(tmp_path, stuck=STUCK))
    assert code == 1
    stuck = next(problem for problem in line["problems"] if problem["element"] == "j")
    assert stuck["path"][0] == "s" and stuck["path"][-1] == "j"
    assert "shown by: s -> " in CliRunner().invoke(app, ["check", *write(tmp_path, stuck=STUCK)]).output


def test_a_decision_table_is_checked_with_values_that_show_what_is_wrong(tmp_path: Path) -> None:
    code, (line,) = check(*write(tmp_path, decided=decided_sale(("<= 100", "high"), (">= 100", "low"))))
    assert (code, line["verdict"]) == (1, "unsound")
    messages = {problem["code"]: problem["message"] for problem in line["problems"] if problem["element"] == "decide"}
    assert (
        "Rows 1, 2 of the decision “Terms” both apply, for example when Deal amount is 100."
        in (messages["rows_overlap"])
    )
    assert "for example when Deal amount is not known." in messages["decision_gap"]


def test_a_defect_of_ours_costs_no_other_file_its_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = process_check._verdict

    def sometimes(path: Path, verdict_on: Any) -> Any:
        def breaks(xml: bytes) -> Any:
            raise RecursionError("too deep")

        return whole(path, breaks if path.stem == "first" else verdict_on)

    monkeypatch.setattr(process_check, "_verdict", sometimes)
    code, lines = check(*write(tmp_path, first=SMALL_SALE, second=SMALL_SALE))
    assert (code, [line["verdict"] for line in lines]) == (1, ["refused", "sound"])
    assert lines[0]["problems"][0]["code"] == "internal_error"


def test_names_of_files_in_any_encoding_come_through(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\xfe.bpmn"
    Path(os.fsdecode(path)).write_bytes(SMALL_SALE)
    done = subprocess.run(
        [sys.executable, "-m", "kniga", "process", "check", path, "--json"], capture_output=True, check=False
    )
    assert done.returncode == 0
    assert os.fsencode(json.loads(done.stdout)["file"]) == path
    shown = subprocess.run([sys.executable, "-m", "kniga", "process", "check", path], capture_output=True, check=False)
    assert (shown.returncode, b": sound" in shown.stdout) == (0, True)


def test_checking_loads_neither_django_nor_the_database() -> None:
    code = (
        "import sys; from pathlib import Path; from kniga.cli import load, COMMANDS; load(COMMANDS['process'][0]);"
        "from kniga.cli.process_check import checked; checked(Path('nothing'));"
        "print([name for name in sys.modules if name.split('.')[0] in ('django', 'psycopg')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip() == b"[]"
