"""Fields that conditions speak about: their types, the values they hold, the operators they allow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeGuard

FieldType = Literal["text", "number", "money", "date", "datetime", "choice", "multi_choice", "boolean"]
FIELD_TYPES: tuple[FieldType, ...] = (
    "text", "number", "money", "date", "datetime", "choice", "multi_choice", "boolean",
)  # fmt: skip

Operator = Literal[
    "eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "contains", "is_known", "is_unknown"
]  # fmt: skip
OPERATORS: tuple[Operator, ...] = (
    "eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "contains", "is_known", "is_unknown",
)  # fmt: skip

Value = str | int | Decimal | bool | date | datetime | tuple[str, ...] | None
"""What a field holds. None, the empty text and the empty tuple all mean *unknown*."""

_PRESENCE: frozenset[Operator] = frozenset({"is_known", "is_unknown"})
_CONTAINS: frozenset[Operator] = frozenset({"contains"})
_SAME: frozenset[Operator] = frozenset({"eq", "ne"})
_SETS: frozenset[Operator] = frozenset({"in", "not_in"})
_ORDER: frozenset[Operator] = frozenset({"lt", "le", "gt", "ge"})
_EQUAL: frozenset[Operator] = _SAME | _SETS | _PRESENCE
_ORDERED: frozenset[Operator] = _EQUAL | _ORDER

OPERATORS_OF: Mapping[FieldType, frozenset[Operator]] = {
    "text": _EQUAL | _CONTAINS,
    "number": _ORDERED,
    "money": _ORDERED,
    "date": _ORDERED,
    "datetime": _ORDERED,
    "choice": _EQUAL,
    "multi_choice": _CONTAINS | _SETS | _PRESENCE,
    "boolean": _SAME | _PRESENCE,
}


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One allowed value of a choice field: its stable key and its labels."""

    key: str
    label_en: str
    label_ru: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field as conditions know it. ``choices`` is empty for fields that are not choices, and for
    choice fields whose list is open (then any key is allowed)."""

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


def is_blank(value: object) -> bool:
    """Whether a value means *unknown*: nothing, the empty text, or an empty list of choices."""
    return value is None or value == "" or value == () or value == []
