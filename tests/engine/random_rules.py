"""Random conditions and random records for them: one field per type, and a second of most to compare with.

Drawn with a plain random generator, so that tens of thousands take seconds; ``rules`` and ``records`` are
the same as hypothesis strategies.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from kniga.rules import And, Comparison, FieldType, FromNow, Not, Or, OtherField, Period, Rule
from kniga.rules.fields import LISTS, OPERATORS_OF, ORDER, SAME, is_many
from kniga.rules.operands import UNITS, WHICH

TYPES: dict[str, FieldType] = {
    "a": "text",
    "b": "number",
    "c": "money",
    "d": "date",
    "e": "datetime",
    "f": "choice",
    "g": "multi_choice",
    "h": "boolean",
    "i": "reference",
    "j": "multi_reference",
}
OTHERS = {f"{key}2": type for key, type in TYPES.items() if not is_many(type)}
ALL_FIELDS = {**TYPES, **OTHERS}

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (UTC, BERLIN, ZoneInfo("Asia/Vladivostok"), ZoneInfo("America/St_Johns"), timezone(-timedelta(hours=9.5)))
NOW = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)  # the first of two times this hour is shown
_LETTERS = "аеёжАЕЁЖabAB%_\\'\"İΣσςßǅ 1\n"
_KEYS = ("x", "X", "y", "ё", "е", "%")
_NUMBERS = ("-3", "-0.1", "0", "0.0", "0.10", "1", "1e2", "2.50", "2.5000000000000000000000000001", "-0")
_AMOUNTS = ("-3", "-0.01", "0", "0.00", "0.1", "1", "99999999999999.99", "2.50", "-0")


def draw_value(random: Random, type: FieldType) -> Any:
    """One known value of a type (one item of a field of many)."""
    if type == "text":
        return "".join(random.choices(_LETTERS, k=random.randint(1, 3)))
    if type in ("number", "money"):
        return Decimal(random.choice(_NUMBERS if type == "number" else _AMOUNTS))
    if type == "date":
        return date(2026, 10, 25) + timedelta(days=random.randint(-3, 3) * random.choice((1, 1, 7, 31)))
    if type == "datetime":
        steps = timedelta(minutes=30 * random.randint(-4, 4) * random.choice((1, 1, 48, 336)))
        moment = NOW.astimezone(UTC) + steps + timedelta(microseconds=random.choice((0, 0, -1, 1)))
        return moment.astimezone(random.choice(ZONES))
    if type == "boolean":
        return random.random() < 0.5
    return random.choice(_KEYS) if type in ("choice", "multi_choice") else random.choice((1, 2, 3, 2**63 - 1))


def draw_record(random: Random) -> dict[str, Any]:
    """Values for all fields, any of them blank in one of the ways of its type."""
    return {field: _draw_actual(random, type) for field, type in ALL_FIELDS.items()}


def _draw_actual(random: Random, type: FieldType) -> Any:
    if random.random() < 0.2:
        return random.choice((None, "") if type in ("text", "choice") else (None, ()) if is_many(type) else (None,))
    if is_many(type):
        return tuple({draw_value(random, type): None for _ in range(random.randint(1, 3))})
    return draw_value(random, type)


def draw_rule(random: Random, depth: int = 3) -> Rule:
    """A condition at most so many levels deep."""
    kind = random.random()
    if depth == 0 or kind < 0.45:
        return draw_comparison(random)
    if kind < 0.6:
        return Not(draw_rule(random, depth - 1))
    terms = tuple(draw_rule(random, depth - 1) for _ in range(random.randint(1, 3)))
    return And(terms) if kind < 0.8 else Or(terms)


def draw_comparison(random: Random, field: str | None = None) -> Comparison:
    """A comparison of a field (any) by any operator of its type."""
    field = field or random.choice(list(ALL_FIELDS))
    type = ALL_FIELDS[field]
    op = random.choice(sorted(OPERATORS_OF[type]))
    if op in ("is_known", "is_unknown"):
        return Comparison(field, type, op)
    if op in ("within", "not_within"):
        return Comparison(field, type, op, draw_period(random, type))
    if op in LISTS:
        return Comparison(field, type, op, tuple(_draw_operand(random, type) for _ in range(random.randint(1, 3))))
    if op == "between":
        ends = [draw_value(random, type) for _ in range(2)]
        return Comparison(field, type, op, (min(ends), max(ends)))
    if op in SAME | ORDER and random.random() < 0.2:
        return Comparison(field, type, op, OtherField(field[0] if field in OTHERS else f"{field}2"))
    return Comparison(field, type, op, _draw_operand(random, type))


def draw_period(random: Random, type: FieldType) -> Period:
    """A period that a field of this type may lie in."""
    which = random.choice(WHICH)
    rolling = which in ("last", "coming")
    units = [unit for unit in UNITS if unit != "hour" or (rolling and type == "datetime")]
    return Period(which, random.choice(units), random.randint(1, 3) if rolling else 1)


def _draw_operand(random: Random, type: FieldType) -> Any:
    if type in ("date", "datetime") and random.random() < 0.3:
        return FromNow(random.randint(-2, 2), random.choice([u for u in UNITS if u != "hour" or type == "datetime"]))
    return draw_value(random, type)


def rules() -> st.SearchStrategy[Rule]:
    """Random conditions."""
    return st.integers(0, 2**40).map(lambda seed: draw_rule(Random(seed)))


def records() -> st.SearchStrategy[dict[str, Any]]:
    """Random records: every field may be blank."""
    return st.integers(0, 2**40).map(lambda seed: draw_record(Random(seed)))
