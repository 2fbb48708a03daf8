"""Pages and endpoints call services: they touch neither the ORM's writing side nor the connection."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "kniga"
WRITES = {"save", "bulk_create", "bulk_update", "update_or_create", "get_or_create", "acreate", "asave"}
MANAGER_WRITES = {"create", "update", "delete"}
RELATED_WRITES = {"create", "add", "remove", "set", "clear", "delete"}
RAW = {"execute", "executemany", "copy"}


def writes_in(source: str) -> Iterator[tuple[int, str]]:
    """(line, what) of every call that writes through the ORM or speaks to the database itself."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, target = node.func.attr, ast.unparse(node.func.value)
        through_manager = "objects" in target or ".filter(" in target or ".exclude(" in target
        through_relation = name in RELATED_WRITES and isinstance(node.func.value, ast.Attribute)
        if (
            through_relation
            or name in WRITES
            or (name in MANAGER_WRITES and through_manager)
            or (name in RAW and "cursor" in target)
        ):
            yield node.lineno, ast.unparse(node.func)


@pytest.mark.parametrize("door", ["web", "api"])
def test_no_door_writes_by_itself(door: str) -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line} {what}"
        for path in sorted((PACKAGE / door).rglob("*.py"))
        for line, what in writes_in(path.read_text(encoding="utf-8"))
    ]
    assert not found, "call a service instead: " + "; ".join(found)


@pytest.mark.parametrize(
    "planted",
    [
        "user.save()",
        "Deal.objects.create(name='x')",
        "Deal.objects.filter(pk=1).update(name='x')",
        "Deal.objects.filter(pk=1).delete()",
        "deal.lines.create(product=x)",
        "user.groups.set([])",
        "cursor.execute('DELETE FROM deals_deal')",
    ],
)
def test_a_planted_write_is_found(planted: str) -> None:
    assert list(writes_in(planted))
