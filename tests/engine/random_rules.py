"""Random conditions and random records for them, one field per type."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from kniga.rules import And, Comparison, FieldType, Not, Or, Rule
from kniga.rules.fields import OPERATORS_OF

TYPES: dict[str, FieldType] = {
    "a": "text",
    "b": "number",
    "c": "money",
    "d": "date",
    "e": "datetime",
    "f": "choice",
    "g": "multi_choice",
    "h": "boolean",
}
_LETTERS = "аеёжАЕЁЖabAB%_\\'\"İΣσςßǅ 1"
_ZONES = (UTC, timezone(timedelta(hours=3)), timezone(-timedelta(hours=9, minutes=30)))
_TEXTS = st.text(alphabet=_LETTERS, min_size=1, max_size=3)
_KEYS = st.sampled_from(["x", "X", "y", "ё", "е"])
_NUMBERS = st.decimals(-3, 3, places=1) | st.integers(-3, 3).map(Decimal)
_DATES = st.dates(date(2026, 1, 1), date(2026, 1, 5))
_MOMENTS = st.builds(
    lambda hours, zone: (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)).astimezone(zone),
    st.integers(-3, 3),
    st.sampled_from(_ZONES),
)
_SINGLE: dict[FieldType, st.SearchStrategy[Any]] = {
    "text": _TEXTS,
    "number": _NUMBERS,
    "money": _NUMBERS,
    "date": _DATES,
    "datetime": _MOMENTS,
    "choice": _KEYS,
    "multi_choice": _KEYS,
    "boolean": st.booleans(),
}


@st.composite
def _comparison(draw: st.DrawFn) -> Rule:
    field = draw(st.sampled_from(sorted(TYPES)))
    type = TYPES[field]
    op = draw(st.sampled_from(sorted(OPERATORS_OF[type])))
    if op in ("is_known", "is_unknown"):
        return Comparison(field, type, op)
    if op in ("in", "not_in"):
        return Comparison(field, type, op, tuple(draw(st.lists(_SINGLE[type], min_size=1, max_size=3))))
    return Comparison(field, type, op, draw(_SINGLE[type]))


def rules() -> st.SearchStrategy[Rule]:
    """Random conditions over the fields a to h."""
    return st.recursive(
        _comparison(),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, max_size=3).map(lambda terms: And(tuple(terms))).filter(lambda rule: rule.terms),
            st.lists(inner, max_size=3).map(lambda terms: Or(tuple(terms))).filter(lambda rule: rule.terms),
        ),
        max_leaves=6,
    )


def records() -> st.SearchStrategy[dict[str, Any]]:
    """Random records: every field may be blank."""
    values = {
        field: st.none()
        | (st.lists(_KEYS, max_size=3, unique=True).map(tuple) if type == "multi_choice" else _SINGLE[type])
        for field, type in TYPES.items()
    }
    return st.fixed_dictionaries({**values, "a": values["a"] | st.just("")})
