"""Conditions as JSON.

The shapes: ``{"field": "deal.amount", "op": "gt", "value": "500000"}`` (with ``"type"`` for a field that
no registry knows), ``{"all": [...]}``, ``{"any": [...]}``, ``{"not": {...}}``. A value that is no constant is
an object: ``{"field": "deal.cost"}``, ``{"from_now": -30, "unit": "day"}``, ``{"period": "last", "count": 7,
"unit": "day"}``.
"""

import json
from collections.abc import Mapping
from typing import Any

from kniga.rules.ast import And, Comparison, Not, Operand, Or, Rule, items_of
from kniga.rules.fields import (
    FIELD_TYPES,
    OPERATORS,
    BadValue,
    FieldRegistry,
    FieldSpec,
    FieldType,
    is_field_type,
    is_operator,
)
from kniga.rules.operands import FromNow, OtherField, Period
from kniga.rules.values import write_value

MAX_DEPTH = 20
MAX_TERMS = 500
MAX_SIZE = 2_000
"""How many nodes a condition may have in all."""
MAX_LENGTH = 1_000_000
"""How many characters the JSON text of a condition may have."""
_COMPARISON_KEYS = {"field", "type", "op", "value"}


class RuleRefused(ValueError):
    """A condition cannot be read. ``place`` is the path inside the JSON, such as ``all[1].value``."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place
        self.message = message


def parse_rule(text: str, fields: FieldRegistry) -> Rule:
    """Read a condition from JSON text. Raises RuleRefused naming the place."""
    if len(text) > MAX_LENGTH:
        raise RuleRefused("", f"the condition is longer than {MAX_LENGTH} characters")
    try:
        data = json.loads(text, parse_float=str, parse_int=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise RuleRefused("", "the condition is not JSON") from None
    return rule_from_json(data, fields)


def rule_from_json(data: object, fields: FieldRegistry) -> Rule:
    """Read a condition from decoded JSON; types come from ``fields``. Raises RuleRefused."""
    return _Reading(fields).rule(data, "", 0)


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """Write a condition as JSON that reads back equal without any registry."""
    if isinstance(rule, And):
        return {"all": [rule_to_json(term) for term in rule.terms]}
    if isinstance(rule, Or):
        return {"any": [rule_to_json(term) for term in rule.terms]}
    if isinstance(rule, Not):
        return {"not": rule_to_json(rule.term)}
    written: dict[str, Any] = {"field": rule.field, "type": rule.type, "op": rule.op}
    if isinstance(rule.value, tuple):
        written["value"] = [_write(item) for item in rule.value]
    elif rule.value is not None:
        written["value"] = _write(rule.value)
    return written


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _write(value: Operand) -> Any:
    if isinstance(value, OtherField):
        return {"field": value.key}
    if isinstance(value, FromNow):
        return {"from_now": value.amount, "unit": value.unit}
    if isinstance(value, Period):
        count = {} if value.is_calendar else {"count": value.count}
        return {"period": value.which, **count, "unit": value.unit}
    return write_value(value)  # type: ignore[arg-type]


class _Reading:
    """One condition being read; counts its nodes."""

    def __init__(self, fields: FieldRegistry) -> None:
        self.fields = fields
        self.size = 0

    def rule(self, data: object, place: str, depth: int) -> Rule:
        """One condition with all inside; ``place`` and ``depth`` say where it stands. Raises RuleRefused."""
        self.size += 1
        if self.size > MAX_SIZE:
            raise RuleRefused(place, f"the condition has more than {MAX_SIZE} parts")
        if depth > MAX_DEPTH:
            raise RuleRefused(place, f"the condition is nested deeper than {MAX_DEPTH} levels")
        if not isinstance(data, dict):
            raise RuleRefused(place, "an object is expected")
        if "field" in data:
            return self.comparison(data, place)
        if len(data) != 1 or next(iter(data)) not in ("all", "any", "not"):
            raise RuleRefused(place, 'one of the keys "field", "all", "any", "not" is expected')
        word, inner = next(iter(data.items()))
        here = f"{place}.{word}" if place else str(word)
        if word == "not":
            return Not(self.rule(inner, here, depth + 1))
        if not isinstance(inner, list) or not 1 <= len(inner) <= MAX_TERMS:
            raise RuleRefused(here, f"a list of 1 to {MAX_TERMS} conditions is expected")
        terms = tuple(self.rule(item, f"{here}[{at}]", depth + 1) for at, item in enumerate(inner))
        return And(terms) if word == "all" else Or(terms)

    def comparison(self, data: Mapping[str, Any], place: str) -> Comparison:
        """One field compared with a value of its type. Raises RuleRefused."""
        dot = f"{place}." if place else ""
        for key in data:
            if key not in _COMPARISON_KEYS:
                raise RuleRefused(f"{dot}{key}", "this key is not known in a comparison")
        field = data["field"]
        if not isinstance(field, str) or not field:
            raise RuleRefused(f"{dot}field", "the key of a field is expected")
        type = _type_of(field, data.get("type"), self.fields, dot)
        op = data.get("op")
        if not is_operator(op):
            raise RuleRefused(f"{dot}op", f"one of {', '.join(OPERATORS)} is expected")
        try:
            comparison = Comparison(field, type, op, _operand(data.get("value")))
        except BadValue as error:
            raise RuleRefused(f"{dot}value", str(error)) from None
        _check_choices(comparison, self.fields.get(field), dot)
        _check_other(comparison, self.fields, dot)
        return comparison


def _operand(data: object) -> Any:
    if isinstance(data, list):
        return tuple(_item(item) for item in data)
    return _item(data)


def _item(data: object) -> Any:
    if not isinstance(data, dict):
        return data
    keys = set(data)
    if keys == {"field"}:
        return OtherField(data["field"])
    if keys == {"from_now", "unit"}:
        return FromNow(_whole(data["from_now"]), data["unit"])
    if keys == {"period", "unit"} or keys == {"period", "unit", "count"}:
        return Period(data["period"], data["unit"], _whole(data.get("count", 1)))
    raise BadValue('a value, or an object with "field", "from_now" and "unit", or "period" and "unit" is expected')


def _whole(number: object) -> Any:
    """Numbers come as text from ``parse_rule``; what is no whole number is refused where it is used."""
    if isinstance(number, str) and len(number) < 10 and number.removeprefix("-").isdecimal():
        return int(number)
    return number


def _type_of(field: str, given: object, fields: FieldRegistry, dot: str) -> FieldType:
    spec = fields.get(field)
    if given is not None and not is_field_type(given):
        raise RuleRefused(f"{dot}type", f"one of {', '.join(FIELD_TYPES)} is expected")
    if spec is None and given is None:
        raise RuleRefused(f"{dot}field", f"the field {field} is not known here")
    if spec is not None and given is not None and spec.type != given:
        raise RuleRefused(f"{dot}type", f"the field {field} is of type {spec.type}, not {given}")
    if spec is not None:
        return spec.type
    assert is_field_type(given)
    return given


def _check_choices(comparison: Comparison, spec: FieldSpec | None, dot: str) -> None:
    if spec is None or not spec.choices or spec.type not in ("choice", "multi_choice"):
        return
    allowed = {choice.key for choice in spec.choices}
    for item in items_of(comparison):
        if item not in allowed:
            raise RuleRefused(f"{dot}value", f"{item} is not one of {', '.join(sorted(allowed))}")


def _check_other(comparison: Comparison, fields: FieldRegistry, dot: str) -> None:
    if not isinstance(comparison.value, OtherField):
        return
    other = fields.get(comparison.value.key)
    if other is not None and other.type != comparison.type:
        raise RuleRefused(f"{dot}value", f"the field {other.key} is of type {other.type}, not {comparison.type}")
