"""The condition language as a typed tree.

A condition is true, false or *unknown* (Kleene's three-valued logic): a comparison with a field whose
value is not known is itself unknown; ``Not`` of unknown is unknown; ``And`` is false as soon as one
term is false, otherwise unknown as soon as one is unknown; ``Or`` mirrors it. Only ``is_known`` and
``is_unknown`` are never unknown. Whoever acts on a condition acts when it is *true*.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Union

from kniga.rules.fields import (
    LISTS,
    OLD_NAMES,
    OPERATORS_OF,
    ORDER,
    PERIODS,
    PRESENCE,
    SAME,
    SINGLE_OF,
    BadValue,
    FieldType,
    Operator,
    Value,
    is_blank,
    is_many,
)
from kniga.rules.operands import FromNow, OtherField, Period
from kniga.rules.values import read_value

Single = Value | FromNow
Operand = Single | OtherField | Period | tuple[Single, ...]
MOST_ITEMS = 1_000
"""How many values a list may hold."""
LONGEST_TEXT = 10_000
"""How many characters a text to compare with may have."""


class _Node:
    """Gives every node a place for its compiled form, which is no part of its value and not pickled."""

    __slots__ = ("_compiled",)
    _compiled: Callable[[Mapping[str, Value]], bool | None]


@dataclass(frozen=True, slots=True)
class Comparison(_Node):
    """``field op value``. The value is

    - for ``is_known`` and ``is_unknown`` None;
    - for ``in``, ``not_in``, ``any_of``, ``all_of`` and ``none_of`` a tuple of at least one value;
    - for ``between`` the tuple of the least and the greatest value, both included;
    - for ``within`` and ``not_within`` a Period;
    - for the other operators one value, or another field of the same type (``OtherField``, not for parts
      of a text nor for fields of many values).

    In fields of dates and moments FromNow stands wherever a value does. ``in`` and ``not_in`` of a field of
    many values become ``any_of`` and ``none_of``. Raises BadValue if operator or value does not fit the type.
    """

    field: str
    type: FieldType
    op: Operator
    value: Operand = None

    def __post_init__(self) -> None:
        if is_many(self.type) and self.op in OLD_NAMES:
            object.__setattr__(self, "op", OLD_NAMES[self.op])
        if self.op not in OPERATORS_OF[self.type]:
            raise BadValue(f"the operator {self.op} is not defined for a field of type {self.type}")
        object.__setattr__(self, "value", _operand(self.type, self.op, self.value))


@dataclass(frozen=True, slots=True)
class And(_Node):
    """True if all terms are; without terms true."""

    terms: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Or(_Node):
    """True if one term is; without terms false."""

    terms: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Not(_Node):
    """True if the term is false."""

    term: "Rule"


Rule = Union[Comparison, And, Or, Not]  # noqa: UP007 (a forward reference stands in it)


def comparisons(rule: Rule) -> Iterator[Comparison]:
    """Every comparison of a rule, from left to right."""
    if isinstance(rule, Comparison):
        yield rule
    elif isinstance(rule, Not):
        yield from comparisons(rule.term)
    else:
        for term in rule.terms:
            yield from comparisons(term)


def fields_in(comparison: Comparison) -> tuple[str, ...]:
    """The keys of the one or two fields a comparison looks at."""
    if isinstance(comparison.value, OtherField):
        return (comparison.field, comparison.value.key)
    return (comparison.field,)


def fields_of(rule: Rule) -> frozenset[str]:
    """The keys of all fields a rule looks at."""
    return frozenset(key for comparison in comparisons(rule) for key in fields_in(comparison))


def items_of(comparison: Comparison) -> tuple[Single, ...]:
    """The values a comparison names: one, several of a list, or none."""
    value = comparison.value
    if value is None or isinstance(value, (OtherField, Period)):
        return ()
    return value if isinstance(value, tuple) else (value,)


def _operand(type: FieldType, op: Operator, value: Operand) -> Operand:
    if op in PRESENCE:
        if value is not None:
            raise BadValue(f"{op} takes no value")
        return None
    if op in PERIODS:
        if not isinstance(value, Period):
            raise BadValue(f"{op} needs a period")
        if value.unit == "hour" and type == "date":
            raise BadValue("a date has no hours")
        return value
    if op in LISTS or op == "between":
        return _list(type, op, value)
    if isinstance(value, OtherField):
        if op not in SAME | ORDER:
            raise BadValue(f"{op} does not compare with another field")
        return value
    return _single(type, value)


def _list(type: FieldType, op: Operator, value: Operand) -> Operand:
    if not isinstance(value, (tuple, list)) or not value:
        raise BadValue(f"{op} needs a list of at least one value")
    if len(value) > MOST_ITEMS:
        raise BadValue(f"a list of at most {MOST_ITEMS} values is expected")
    items = tuple(_single(type, item) for item in value)
    if op == "between":
        if len(items) != 2:
            raise BadValue("between needs two values, the least and the greatest")
        low, high = items
        if not isinstance(low, FromNow) and not isinstance(high, FromNow) and low > high:  # type: ignore[operator]
            raise BadValue("between needs the least value first")
    return items


def _single(type: FieldType, value: object) -> Single:
    if isinstance(value, FromNow) and type in ("date", "datetime"):
        if value.unit == "hour" and type == "date":
            raise BadValue("a date has no hours")
        return value
    if isinstance(value, (FromNow, Period, OtherField)):
        raise BadValue(f"a plain value is expected for a field of type {type}")
    if is_blank(value):
        raise BadValue("a value is needed; use is_unknown to ask for a field that is not filled in")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise BadValue(f"a text of at most {LONGEST_TEXT} characters is expected")
    return read_value(SINGLE_OF.get(type, type), value)
