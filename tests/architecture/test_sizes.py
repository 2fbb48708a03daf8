"""Source stays readable: no long files, no banned names, no leftovers."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "kniga").rglob("*.py"))
LONGEST_FILE = 500
BANNED_NAMES = {"utils", "helpers", "common", "manager", "base"}
# Django looks for a database backend in a module of this very name.
NAMED_BY_DJANGO = {"src/kniga/config/postgresql/base.py"}
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b|# type: ignore(?!\[)")


def test_no_source_file_is_longer_than_500_lines() -> None:
    long = {str(path.relative_to(ROOT)): count for path in SOURCES if (count := _lines(path)) > LONGEST_FILE}
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = {str(path.relative_to(ROOT)) for path in SOURCES if BANNED_NAMES & {path.stem, path.parent.name}}
    assert found - NAMED_BY_DJANGO == set()


def test_nothing_is_left_for_later() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if LEFTOVERS.search(line)
    ]
    assert found == []


def test_every_test_states_what_it_expects_without_skipping() -> None:
    skips = re.compile(r"pytest\.(skip|xfail|mark\.(skip|skipif|xfail))\b|time\.sleep\(")
    here = Path(__file__)
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != here
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if skips.search(line)
    ]
    assert found == []


def _lines(path: Path) -> int:
    return path.read_text().count("\n")
