"""Each import contract is shown to bite: a forbidden arrow is planted in a copy of the house."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [
    "cli",
    "web",
    "api",
    "integrations",
    "demo",
    "insights",
    "salesbook",
    "imports",
    "processes",
    "outreach",
    "documents",
    "service",
    "deals",
    "matrix",
    "segments",
    "catalog",
    "clients",
    "people",
    "platform",
    "engine",
    "rules",
    "runtime",
    "config",
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": "src", "PATH": "", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All packages of the house with a models module each, and not one import."""
    house = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", house)
    for package in PACKAGES:
        folder = house / "src" / "kniga" / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "models.py").touch()
        (folder / "services.py").touch()
    (house / "src" / "kniga" / "__init__.py").touch()
    return house


@pytest.fixture
def house(empty_house: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(empty_house, tmp_path / "house"))


def plant(house: Path, module: str, line: str) -> None:
    with (house / "src" / "kniga" / f"{module.replace('.', '/')}.py").open("a") as handle:
        handle.write(f"{line}\n")


def test_a_house_without_arrows_keeps_every_contract(house: Path) -> None:
    result = lint(house)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("people.services", "import kniga.deals.services", "The house"),
        ("platform.services", "import kniga.people.services", "The house"),
        ("rules.services", "import kniga.engine.services", "The house"),
        ("processes.services", "import kniga.web.services", "The house"),
        ("runtime.services", "import kniga.platform.services", "The house"),
        ("clients.services", "import kniga.imports.services", "The house"),
        ("engine.services", "import django", "Engine and rules are pure"),
        ("engine.services", "from random import choice", "Engine and rules are pure"),
        ("rules.services", "import psycopg", "Engine and rules are pure"),
        ("rules.services", "import time", "Engine and rules are pure"),
        ("web.services", "import kniga.api.services", "Pages and the API stand apart"),
        ("api.services", "import kniga.web.services", "Pages and the API stand apart"),
        ("web.services", "import kniga.deals.models", "never reach for models"),
        ("api.services", "from kniga.clients import models", "never reach for models"),
    ],
)
def test_a_forbidden_arrow_is_refused(house: Path, module: str, line: str, contract: str) -> None:
    plant(house, module, line)
    result = lint(house)
    assert result.returncode != 0
    broken = [text for text in result.stdout.splitlines() if text.endswith("BROKEN")]
    assert any(contract in text for text in broken), result.stdout


def test_two_siblings_that_need_each_other_are_refused(house: Path) -> None:
    plant(house, "clients.services", "import kniga.catalog.services")
    assert lint(house).returncode == 0
    plant(house, "catalog.services", "import kniga.clients.models")
    result = lint(house)
    assert result.returncode != 0
    assert "Sibling packages form no cycles BROKEN" in result.stdout


def test_a_package_without_a_place_in_the_house_is_refused(house: Path) -> None:
    annexe = house / "src" / "kniga" / "annexe"
    annexe.mkdir()
    (annexe / "__init__.py").touch()
    assert lint(house).returncode != 0


def test_models_may_be_named_where_only_types_are_checked(house: Path) -> None:
    plant(
        house,
        "web.services",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import kniga.deals.models",
    )
    assert lint(house).returncode == 0
