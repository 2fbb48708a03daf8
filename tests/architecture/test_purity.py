"""What import contracts cannot see: calls that read a clock or a file, and writes from the doors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "kniga"
CLOCKS = {"now", "utcnow", "today", "fromtimestamp"}
BUILT_IN_DOORS = {"open", "print", "input", "exec", "eval", "__import__"}
WRITES = {
    "save",
    "asave",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "select_for_update",
}


def trees(*packages: str) -> Iterator[tuple[Path, ast.Module]]:
    for package in packages:
        for path in sorted((SOURCE / package).rglob("*.py")):
            yield path, ast.parse(path.read_text())


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def impurities(tree: ast.Module) -> Iterator[str]:
    for call in calls(tree):
        match call.func:
            case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=name) if name in CLOCKS:
                yield f"line {call.lineno} reads the clock"
            case ast.Attribute(value=ast.Attribute(attr="datetime" | "date"), attr=name) if name in CLOCKS:
                yield f"line {call.lineno} reads the clock"
            case ast.Name(id=name) if name in BUILT_IN_DOORS:
                yield f"line {call.lineno} calls {name}"


def writes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="objects"):
                yield f"line {node.lineno} reaches for a model's manager"
            case ast.Call(func=ast.Attribute(attr=name)) if name in WRITES:
                yield f"line {node.lineno} calls {name}()"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="transaction"), attr="atomic")):
                yield f"line {node.lineno} opens a transaction"


def test_engine_and_rules_read_no_clock_and_touch_no_file() -> None:
    found = [
        f"{path.relative_to(SOURCE)} {impurity}"
        for path, tree in trees("engine", "rules")
        for impurity in impurities(tree)
    ]
    assert found == []


def test_pages_and_api_write_nothing_themselves() -> None:
    found = [f"{path.relative_to(SOURCE)} {write}" for path, tree in trees("web", "api") for write in writes(tree)]
    assert found == []


@pytest.mark.parametrize("line", ["datetime.now()", "datetime.datetime.utcnow()", "date.today()", "open('x')"])
def test_an_impure_call_is_seen(line: str) -> None:
    assert list(impurities(ast.parse(line)))


@pytest.mark.parametrize("line", ["Deal.objects.get()", "deal.save()", "transaction.atomic()"])
def test_a_write_in_a_door_is_seen(line: str) -> None:
    assert list(writes(ast.parse(line)))
