"""The documents are true to the code where a machine can tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kniga.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
COMMAND = re.compile(r"^ {4}(?:[A-Z_]+=\S+ +)*(?:\.venv/bin/)?kniga ([a-z]+)", re.MULTILINE)
KIND = re.compile(r"\"((?:people|clients|catalog|deals|processes|imports)\.[a-z]+\.[a-z_]+)\"")
LONGEST_DECISION = 400


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    links = [link for link in LINK.findall(path.read_text()) if not link.startswith(("http", "mailto"))]
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_command_that_documents_name_exists() -> None:
    named = {command for path in DOCUMENTS for command in COMMAND.findall(path.read_text())}
    assert named and named <= set(COMMANDS)


def test_every_command_has_its_line_in_the_reference() -> None:
    reference = (ROOT / "docs/reference/cli.md").read_text()
    assert [name for name in COMMANDS if f"`{name}`" not in reference] == []


def test_every_event_has_its_line_in_the_reference() -> None:
    reference = (ROOT / "docs/reference/events.md").read_text()
    sources = [path for path in (ROOT / "src/kniga").rglob("*.py") if path.name == "events.py"]
    kinds = {kind for path in sources for kind in KIND.findall(path.read_text())}
    assert kinds and sorted(kind for kind in kinds if f"`{kind}`" not in reference) == []


def test_every_scope_has_its_line_in_the_reference() -> None:
    from kniga.people.scopes import SCOPES

    reference = (ROOT / "docs/reference/api.md").read_text()
    assert [scope for scope in SCOPES if f"`{scope}`" not in reference] == []


def test_every_setting_has_its_line_in_the_reference() -> None:
    reference = (ROOT / "docs/reference/settings.md").read_text()
    text = (ROOT / "src/kniga/config/settings.py").read_text()
    assert sorted({name for name in re.findall(r"KNIGA_[A-Z_]+", text) if f"`{name}`" not in reference}) == []


def test_a_decision_is_told_in_four_hundred_words() -> None:
    decisions = sorted((ROOT / "docs/adr").glob("*.md"))
    assert {path.name: count for path in decisions if (count := len(path.read_text().split())) > LONGEST_DECISION} == {}
