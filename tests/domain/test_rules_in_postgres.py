"""The condition language means the same in Python and in PostgreSQL."""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, tzinfo
from random import Random
from typing import Any

import psycopg
import pytest

from kniga.rules import FieldType, Rule, compile_rule, evaluate, fold, rule_to_sql
from kniga.rules.fields import OPERATORS_OF
from tests.engine.random_rules import ALL_FIELDS, NOW, ZONES, draw_comparison, draw_record, draw_rule

CASTS: dict[FieldType, str] = {
    "text": "text",
    "number": "numeric",
    "money": "numeric",
    "date": "date",
    "datetime": "timestamptz",
    "choice": "text",
    "multi_choice": "text[]",
    "boolean": "boolean",
    "reference": "bigint",
    "multi_reference": "bigint[]",
}
COLUMNS = {field: f"r.{field}" for field in ALL_FIELDS}
RECORDS = [draw_record(Random(seed)) for seed in range(1_000)]
RULES, ROWS, AT_ONCE = 20_000, 5, 100
"""Random rules in all, rows each of them is asked of, rules in one statement."""


@pytest.fixture(scope="module")
def connection(test_cluster: str) -> Iterator[psycopg.Connection[Any]]:
    """The records in a table, seen from a zone that none of them is in."""
    with psycopg.connect(test_cluster, autocommit=True) as connected:
        columns = ", ".join(f"{field} {CASTS[type]}" for field, type in ALL_FIELDS.items())
        connected.execute(f"CREATE TEMPORARY TABLE made (n int PRIMARY KEY, {columns})".encode())
        connected.execute("SET TIME ZONE 'Asia/Kathmandu'")
        with connected.cursor() as cursor, cursor.copy("COPY made FROM STDIN") as copy:
            for number, record in enumerate(RECORDS):
                values = (record[field] for field in ALL_FIELDS)
                copy.write_row([number, *(list(value) if isinstance(value, tuple) else value for value in values)])
        yield connected


def answers(
    connection: psycopg.Connection[Any], rules: list[Rule], first: int, count: int, zone: tzinfo
) -> list[tuple[bool | None, ...]]:
    """What PostgreSQL says of so many records: one row for each, one column for each rule."""
    compiled = [rule_to_sql(rule, COLUMNS, now=NOW, zone=zone) for rule in rules]
    query = f"SELECT {', '.join(sql.text for sql in compiled)} FROM made r WHERE n >= %s AND n < %s ORDER BY n"
    params = [*(param for sql in compiled for param in sql.params), first, first + count]
    return connection.execute(query.encode(), params).fetchall()


def test_random_rules_on_random_records_agree(connection: psycopg.Connection[Any]) -> None:
    """20,000 different rules, each on five records; many rules go in one statement, since the round trip takes time."""
    random = Random(20_000)
    checked: dict[bool | None, int] = {True: 0, False: 0, None: 0}
    for _ in range(RULES // AT_ONCE):
        first, zone = random.randrange(len(RECORDS) - ROWS), random.choice(ZONES)
        rules = [draw_rule(random) for _ in range(AT_ONCE)]
        found = answers(connection, rules, first, ROWS, zone)
        for record, row in zip(RECORDS[first : first + ROWS], found, strict=True):
            for rule, verdict in zip(rules, row, strict=True):
                assert evaluate(rule, record, now=NOW, zone=zone) is verdict, (rule, record, zone)
                checked[verdict] += 1
    assert sum(checked.values()) == RULES * ROWS
    assert min(checked.values()) > RULES * ROWS / 10, checked


def test_every_operator_of_every_type_agrees_on_every_record(connection: psycopg.Connection[Any]) -> None:
    random = Random(7)
    drawn: dict[tuple[str, str], list[Rule]] = {}
    wanted = {(type, op) for type, operators in OPERATORS_OF.items() for op in operators}
    while wanted - {name for name, found in drawn.items() if len(found) > 4}:
        rule = draw_comparison(random)
        drawn.setdefault((rule.type, rule.op), []).append(rule)
    rules = [rule for found in drawn.values() for rule in found[:5]]
    found = answers(connection, rules, 0, len(RECORDS), NOW.tzinfo or UTC)
    for at, rule in enumerate(rules):
        meets = compile_rule(rule, now=NOW)
        assert [meets(record) for record in RECORDS] == [row[at] for row in found], rule


def test_every_letter_folds_alike(connection: psycopg.Connection[Any]) -> None:
    """All letters that this Python knows, each alone; PostgreSQL may know newer ones."""
    letters = [chr(code) for code in range(0x20, 0x1_1000) if unicodedata.category(chr(code))[0] not in "C"]
    folded = "SELECT array_agg(translate(lower(c), 'ё', 'е') ORDER BY n)"
    query = f"{folded} FROM unnest(%s::text[]) WITH ORDINALITY AS t(c, n)"
    row = connection.execute(query.encode(), (letters,)).fetchone()
    assert row is not None
    assert {letter: fold(letter) for letter in letters} == dict(zip(letters, row[0], strict=True))
