"""Fields that conditions speak about: their types, the values they hold, the operators they allow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeGuard

FieldType = Literal[
    "text", "number", "money", "date", "datetime", "choice", "multi_choice", "boolean", "reference", "multi_reference"
]
FIELD_TYPES: tuple[FieldType, ...] = (
    "text", "number", "money", "date", "datetime", "choice", "multi_choice", "boolean", "reference", "multi_reference",
)  # fmt: skip

Operator = Literal[
    "eq", "ne", "lt", "le", "gt", "ge", "between", "in", "not_in", "contains", "not_contains", "starts_with",
    "ends_with", "any_of", "all_of", "none_of", "within", "not_within", "is_known", "is_unknown",
]  # fmt: skip
OPERATORS: tuple[Operator, ...] = (
    "eq", "ne", "lt", "le", "gt", "ge", "between", "in", "not_in", "contains", "not_contains", "starts_with",
    "ends_with", "any_of", "all_of", "none_of", "within", "not_within", "is_known", "is_unknown",
)  # fmt: skip

Value = str | int | Decimal | bool | date | datetime | tuple[str, ...] | tuple[int, ...] | None
"""What a field holds. None, the empty text and the empty tuple all mean *unknown*. Money is an exact
decimal in the organisation's currency; a reference is the id of a record, 1 to 2^63 - 1."""

PRESENCE: frozenset[Operator] = frozenset({"is_known", "is_unknown"})
"""Operators without a value, the only ones that are never unknown."""
SAME: frozenset[Operator] = frozenset({"eq", "ne"})
ORDER: frozenset[Operator] = frozenset({"lt", "le", "gt", "ge"})
PARTS: frozenset[Operator] = frozenset({"contains", "not_contains", "starts_with", "ends_with"})
SETS: frozenset[Operator] = frozenset({"any_of", "all_of", "none_of"})
_AMONG: frozenset[Operator] = frozenset({"in", "not_in"})
LISTS: frozenset[Operator] = SETS | _AMONG
"""Operators whose value is a list."""
PERIODS: frozenset[Operator] = frozenset({"within", "not_within"})

_BETWEEN: frozenset[Operator] = frozenset({"between"})
_KEYS: frozenset[Operator] = frozenset({"contains", "not_contains"})
_EQUAL: frozenset[Operator] = SAME | _AMONG | PRESENCE
_ORDERED: frozenset[Operator] = _EQUAL | ORDER | _BETWEEN
_MANY: frozenset[Operator] = SETS | _KEYS | PRESENCE

OPERATORS_OF: Mapping[FieldType, frozenset[Operator]] = {
    "text": _EQUAL | PARTS,
    "number": _ORDERED,
    "money": _ORDERED,
    "date": _ORDERED | PERIODS,
    "datetime": _ORDERED | PERIODS,
    "choice": _EQUAL,
    "multi_choice": _MANY,
    "boolean": SAME | PRESENCE,
    "reference": _EQUAL,
    "multi_reference": _MANY,
}

OLD_NAMES: Mapping[Operator, Operator] = {"in": "any_of", "not_in": "none_of"}
"""How a field of many values reads the operators of a field of one."""

SINGLE_OF: Mapping[FieldType, FieldType] = {"multi_choice": "choice", "multi_reference": "reference"}
"""The type of one item of a field that holds many."""

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One allowed value of a choice field: its stable key and its labels."""

    key: str
    label_en: str
    label_ru: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field as conditions know it. ``choices`` is empty for fields that are not choices, and for
    choice fields whose list is open (then any key is allowed). For references ``choices`` may name some
    records by their id in sentences; it never limits them."""

    key: str
    type: FieldType
    label_en: str
    label_ru: str
    choices: tuple[FieldChoice, ...] = ()


FieldRegistry = Mapping[str, FieldSpec]


class BadValue(ValueError):
    """A value does not fit the type of its field."""


def is_field_type(name: object) -> TypeGuard[FieldType]:
    """Whether ``name`` names a field type."""
    return name in FIELD_TYPES


def is_operator(name: object) -> TypeGuard[Operator]:
    """Whether ``name`` names an operator."""
    return name in OPERATORS


def is_many(type: FieldType) -> bool:
    """Whether a field of this type holds several values at once."""
    return type in SINGLE_OF


def is_blank(value: object) -> bool:
    """Whether a value means *unknown*: nothing, the empty text, or an empty list of choices."""
    return value is None or value == "" or value == () or value == []
