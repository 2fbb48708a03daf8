"""The condition language means the same in Python and in PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kniga.rules import Rule, evaluate, fold, rule_to_sql
from tests.engine.random_rules import TYPES, records, rules

CASTS = {
    "text": "text",
    "number": "numeric",
    "money": "numeric",
    "date": "date",
    "datetime": "timestamptz",
    "choice": "text",
    "multi_choice": "text[]",
    "boolean": "boolean",
}
ROW = ", ".join(f"%s::{CASTS[type]} AS {field}" for field, type in TYPES.items())
COLUMNS = {field: f"r.{field}" for field in TYPES}


@pytest.fixture(scope="module")
def connection(test_cluster: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(test_cluster, autocommit=True) as connected:
        yield connected


def as_row(record: dict[str, Any]) -> list[Any]:
    values = (record[field] for field in TYPES)
    return [list(value) if isinstance(value, tuple) else value for value in values]


def test_random_rules_on_random_records_agree(connection: psycopg.Connection[Any]) -> None:
    """Many pairs go in one statement, since the round trip is what takes time."""
    checked = 0

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(st.lists(st.tuples(rules(), records()), min_size=4, max_size=4))
    def agree(pairs: list[tuple[Rule, dict[str, Any]]]) -> None:
        nonlocal checked
        parts, params = [], []
        for rule, record in pairs:
            sql = rule_to_sql(rule, COLUMNS)
            parts.append(f"(SELECT {sql.text} FROM (SELECT {ROW}) AS r)")
            params += [*sql.params, *as_row(record)]
        row = connection.execute(f"SELECT {', '.join(parts)}".encode(), params).fetchone()
        assert row is not None
        for (rule, record), found in zip(pairs, row, strict=True):
            assert evaluate(rule, record) is found, (rule, record)
            checked += 1

    agree()
    assert checked >= 1_000


def test_every_letter_folds_alike(connection: psycopg.Connection[Any]) -> None:
    """Latin, Greek and Cyrillic letters up to U+052F, each alone and in one text."""
    letters = [chr(code) for code in range(0x20, 0x530) if chr(code).isprintable()]
    folded = "SELECT array_agg(translate(lower(c), 'ё', 'е') ORDER BY n)"
    query = f"{folded} FROM unnest(%s::text[]) WITH ORDINALITY AS t(c, n)"
    row = connection.execute(query.encode(), (letters,)).fetchone()
    assert row is not None
    assert {letter: fold(letter) for letter in letters} == dict(zip(letters, row[0], strict=True))
