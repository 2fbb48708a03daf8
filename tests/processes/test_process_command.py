"""`kniga process check` needs no database and says by its exit code what it found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kniga.cli.process import app
from kniga.processes.publishing import BOOKS
from tests.processes.conftest import SMALL_SALE

BROKEN = SMALL_SALE.replace(b'targetRef="offer"', b'targetRef="nowhere"', 1)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.bpmn"
    path.write_bytes(BROKEN)
    return path


def test_the_shipped_books_are_fine() -> None:
    result = CliRunner().invoke(app, ["check", *map(str, sorted(BOOKS.glob("*.bpmn")))])
    assert result.exit_code == 0
    assert result.output.count(": fine") == 4


def test_a_broken_file_is_named_with_place_and_cure(broken: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(broken)])
    assert result.exit_code == 1
    assert "nowhere" in result.output and "line " in result.output


def test_a_missing_file_is_worse_than_a_broken_one(broken: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(broken), str(broken) + "x", "--json"])
    assert result.exit_code == 2
    assert [one["code"] for one in json.loads(result.stdout)] == [1, 2]
