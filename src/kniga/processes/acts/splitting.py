"""Where a step was split: of its deals those that meet a condition go to one of the new steps, the others to another.

Stored with a move as {element: {"when": condition, "to": element of the target}}; the others go where the mapping
says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.engine import STANDARD_FIELDS, Definition
from kniga.platform.errors import Refused
from kniga.platform.money import parse_decimal
from kniga.processes.running.reading import InstanceSnapshot
from kniga.processes.wording.words import condition_fields
from kniga.rules import (
    BadValue,
    FieldChoice,
    FieldSpec,
    FieldType,
    Operator,
    Rule,
    RuleRefused,
    Value,
    fields_of,
    holds,
    rule_from_json,
    rule_to_json,
)

Splits = Mapping[str, Mapping[str, Any]]

OPERATORS: Final[tuple[Operator, ...]] = ("eq", "ne", "gt", "ge", "lt", "le", "contains", "is_known", "is_unknown")
"""What a split may compare by."""
_TYPES: Final[tuple[FieldType, ...]] = ("text", "number", "money", "choice", "boolean", "date")
_YES: Final = frozenset({"true", "yes", "да", "1"})


@dataclass(frozen=True, slots=True)
class SplitAsked:
    """A split as a person wrote it: of the deals on an element those whose `field` compares so go `to` there. Without
    a field there is no split."""

    field: str
    op: str
    value: str
    to: str


NO_SPLIT: Final = SplitAsked("", "", "", "")


def split_fields(definition: Definition) -> dict[str, FieldSpec]:
    """The fields deals may be split by: those of the deal and the client, and the answers of a version."""
    return {
        key: spec
        for key, spec in condition_fields(definition).items()
        if spec.type in _TYPES and (spec.choices or spec.type != "choice")
    }


def read_split(element: str, asked: SplitAsked, definition: Definition) -> dict[str, Any] | None:
    """A split as it is stored; None when nothing was asked. `definition` is the version that is left. Raises Refused
    `bad_split`, on the field `split:<element>`."""
    if not asked.field:
        return None
    spec = split_fields(definition).get(asked.field)
    place = f"split:{element}"
    if spec is None or asked.op not in OPERATORS:
        raise Refused("bad_split", _("Choose by which field the deals are told apart."), field=place)
    if not asked.to:
        raise Refused("bad_split", _("Choose where the deals that meet the condition go."), field=place)
    written: dict[str, Any] = {"field": spec.key, "type": spec.type, "op": asked.op}
    if asked.op not in ("is_known", "is_unknown"):
        written["value"] = _value(spec, asked.value.strip(), place)
    try:
        rule = rule_from_json(written, {spec.key: spec})
    except RuleRefused:
        text = _("“%(field)s” cannot be compared so. Choose another comparison or value.")
        raise Refused("bad_split", text % {"field": _spoken(spec)}, field=place) from None
    return {"when": rule_to_json(rule), "to": asked.to}


def split_rule(split: Mapping[str, Any]) -> Rule:
    """The condition of a stored split."""
    return _read(msgspec.json.encode(split["when"]))


def needs_of(splits: Splits) -> frozenset[str]:
    """The fields that splits look at."""
    return frozenset(key for split in splits.values() for key in fields_of(split_rule(split)))


def split_choices(
    splits: Splits, snapshot: InstanceSnapshot, fields: Mapping[str, Value], now: datetime
) -> dict[str, str]:
    """Where an instance goes from the elements whose condition it meets; a condition that cannot be told is not
    met."""
    if not splits:
        return {}
    values = {**fields, **{f"answer.{key}": value for key, value in snapshot.state.data.items()}}
    found = {}
    for element, split in splits.items():
        try:
            if holds(split_rule(split), values, now=now):
                found[element] = str(split["to"])
        except BadValue:
            continue
    return found


@lru_cache(maxsize=256)
def _read(written: bytes) -> Rule:
    return rule_from_json(msgspec.json.decode(written), STANDARD_FIELDS)


def _value(spec: FieldSpec, text: str, place: str) -> Any:
    if not text:
        raise Refused("bad_split", _("Write what “%s” is compared with.") % _spoken(spec), field=place)
    if spec.type in ("number", "money"):
        return format(parse_decimal(text, field=place), "f")
    if spec.type == "boolean":
        return text.lower() in _YES
    if spec.type == "choice":
        known = {label.lower(): one.key for one in spec.choices for label in (one.key, one.label_en, one.label_ru)}
        if text.lower() not in known:
            names = ", ".join(_spoken(one) for one in spec.choices)
            told = _("“%(field)s” is one of: %(choices)s.") % {"field": _spoken(spec), "choices": names}
            raise Refused("bad_split", told, field=place)
        return known[text.lower()]
    return text


def _spoken(named: FieldSpec | FieldChoice) -> str:
    return named.label_ru if get_language() == "ru" else named.label_en
