"""Every room of the house says on its door what it is for."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "kniga"


def test_every_package_says_what_it_is_for() -> None:
    doors = sorted(PACKAGE.glob("*/__init__.py"))
    assert not [door.parent.name for door in doors if not door.read_text(encoding="utf-8").startswith('"""')]
