"""Conditions as JSON.

The shapes: ``{"field": "deal.amount", "op": "gt", "value": "500000"}`` (with ``"type"`` for a field that
no registry knows), ``{"all": [...]}``, ``{"any": [...]}``, ``{"not": {...}}``.
"""

import json
from collections.abc import Mapping
from typing import Any

from kniga.rules.ast import And, Comparison, Not, Or, Rule
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
from kniga.rules.values import write_value

MAX_DEPTH = 20
MAX_TERMS = 500
_COMPARISON_KEYS = {"field", "type", "op", "value"}


class RuleRefused(ValueError):
    """A condition cannot be read. ``place`` is the path inside the JSON, such as ``all[1].value``."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place
        self.message = message


def parse_rule(text: str, fields: FieldRegistry) -> Rule:
    """Read a condition from JSON text. Raises RuleRefused naming the place."""
    try:
        data = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise RuleRefused("", "the condition is not JSON") from None
    return rule_from_json(data, fields)


def rule_from_json(data: object, fields: FieldRegistry) -> Rule:
    """Read a condition from decoded JSON; types come from ``fields``. Raises RuleRefused."""
    return _read(data, fields, "", 0)


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """Write a condition as JSON that reads back equal without any registry."""
    if isinstance(rule, And):
        return {"all": [rule_to_json(term) for term in rule.terms]}
    if isinstance(rule, Or):
        return {"any": [rule_to_json(term) for term in rule.terms]}
    if isinstance(rule, Not):
        return {"not": rule_to_json(rule.term)}
    written: dict[str, Any] = {"field": rule.field, "type": rule.type, "op": rule.op}
    if rule.op in ("in", "not_in"):
        assert isinstance(rule.value, tuple)
        written["value"] = [write_value(item) for item in rule.value]
    elif rule.value is not None:
        written["value"] = write_value(rule.value)  # type: ignore[arg-type]
    return written


def _read(data: object, fields: FieldRegistry, place: str, depth: int) -> Rule:
    if depth > MAX_DEPTH:
        raise RuleRefused(place, f"the condition is nested deeper than {MAX_DEPTH} levels")
    if not isinstance(data, dict):
        raise RuleRefused(place, "an object is expected")
    if "field" in data:
        return _read_comparison(data, fields, place)
    if len(data) != 1 or next(iter(data)) not in ("all", "any", "not"):
        raise RuleRefused(place, 'one of the keys "field", "all", "any", "not" is expected')
    word, inner = next(iter(data.items()))
    here = f"{place}.{word}" if place else str(word)
    if word == "not":
        return Not(_read(inner, fields, here, depth + 1))
    if not isinstance(inner, list) or not 1 <= len(inner) <= MAX_TERMS:
        raise RuleRefused(here, f"a list of 1 to {MAX_TERMS} conditions is expected")
    terms = tuple(_read(item, fields, f"{here}[{at}]", depth + 1) for at, item in enumerate(inner))
    return And(terms) if word == "all" else Or(terms)


def _read_comparison(data: Mapping[str, Any], fields: FieldRegistry, place: str) -> Comparison:
    dot = f"{place}." if place else ""
    for key in data:
        if key not in _COMPARISON_KEYS:
            raise RuleRefused(f"{dot}{key}", "this key is not known in a comparison")
    field = data["field"]
    if not isinstance(field, str) or not field:
        raise RuleRefused(f"{dot}field", "the key of a field is expected")
    type = _type_of(field, data.get("type"), fields, dot)
    op = data.get("op")
    if not is_operator(op):
        raise RuleRefused(f"{dot}op", f"one of {', '.join(OPERATORS)} is expected")
    value = data.get("value")
    try:
        comparison = Comparison(field, type, op, tuple(value) if isinstance(value, list) else value)
    except BadValue as error:
        raise RuleRefused(f"{dot}value", str(error)) from None
    _check_choices(comparison, fields.get(field), dot)
    return comparison


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
    if spec is None or not spec.choices or comparison.value is None:
        return
    allowed = {choice.key for choice in spec.choices}
    value = comparison.value
    for item in value if isinstance(value, tuple) else (value,):
        if item not in allowed:
            raise RuleRefused(f"{dot}value", f"{item} is not one of {', '.join(sorted(allowed))}")
