"""The documents are true to the code where a machine can tell."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kniga.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
COMMAND = re.compile(r"^ {4}(?:[A-Z_]+=\S+ +)*(?:\.venv/bin/)?kniga ([a-z]+)", re.MULTILINE)
KIND = re.compile(r"\"((?:people|clients|catalog|deals|documents|processes|imports|salesbook)\.[a-z]+\.[a-z_]+)\"")
VARIABLE = re.compile(r"(?<![A-Z_])KNIGA_[A-Z_]*[A-Z]\b")
REQUIREMENT = re.compile(r"^\w[\w.-]*", re.MULTILINE)
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


def test_every_variable_of_the_environment_has_its_line_in_the_reference() -> None:
    reference = (ROOT / "docs/reference/settings.md").read_text()
    sources = [path for folder in ("src", "tests", "tools", "proofs") for path in (ROOT / folder).rglob("*.py")]
    named = {name for path in sources for name in VARIABLE.findall(path.read_text())}
    assert named and sorted(name for name in {*named, "PORT", "DATABASE_URL"} if f"`{name}`" not in reference) == []


def test_every_dependency_has_its_line_with_a_licence() -> None:
    rows = [line.split("|") for line in (ROOT / "docs/reference/dependencies.md").read_text().splitlines()]
    licences = {cells[1].strip(" `"): cells[5].strip() for cells in rows if len(cells) == 8}
    wanted = {name for path in (ROOT / "requirements").glob("*.in") for name in REQUIREMENT.findall(path.read_text())}
    front_end = json.loads((ROOT / "frontend/package.json").read_text())
    wanted |= {*front_end["dependencies"], *front_end["devDependencies"]}
    assert sorted(name for name in wanted if not licences.get(name)) == []


@pytest.mark.parametrize("name", ["README.md", "README.ru.md"])
def test_readmes_name_both_commands_and_every_proof(name: str) -> None:
    text = (ROOT / name).read_text()
    proofs = [path for kind in ("truth", "faults") for path in (ROOT / "proofs" / kind).glob("[a-z]*.py")]
    wanted = ["make run", "make test", "make bench", *(str(path.relative_to(ROOT)) for path in proofs)]
    assert [one for one in wanted if one not in text] == []


def test_every_document_is_reached_from_the_index() -> None:
    index = (ROOT / "docs/README.md").read_text()
    names = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")} - {"README.md"}
    assert sorted(name for name in names if f"({name})" not in index) == []


def test_no_two_decisions_have_the_same_number() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs/adr").glob("*.md")]
    assert len(numbers) == len(set(numbers))


def test_a_decision_is_told_in_four_hundred_words() -> None:
    decisions = sorted((ROOT / "docs/adr").glob("*.md"))
    assert {path.name: count for path in decisions if (count := len(path.read_text().split())) > LONGEST_DECISION} == {}
