"""Conditions evaluated in Python, over the values of one record."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from kniga.rules.ast import And, Comparison, Not, Rule
from kniga.rules.fields import BadValue, FieldType, Value, is_blank
from kniga.rules.folding import fold


def evaluate(rule: Rule, values: Mapping[str, Value]) -> bool | None:
    """Whether a record meets a condition: True, False, or None for unknown (see ``ast``).

    ``values`` maps field keys to typed values; a missing key is unknown. Raises BadValue if a value
    is not of the type the condition was written for.
    """
    if isinstance(rule, Comparison):
        return _compare(rule, values.get(rule.field))
    if isinstance(rule, Not):
        inner = evaluate(rule.term, values)
        return None if inner is None else not inner
    decisive = not isinstance(rule, And)
    verdict: bool | None = not decisive
    for term in rule.terms:
        outcome = evaluate(term, values)
        if outcome is decisive:
            return decisive
        if outcome is None:
            verdict = None
    return verdict


def holds(rule: Rule, values: Mapping[str, Value]) -> bool:
    """Whether a condition is surely true: unknown counts as no. Raises BadValue like ``evaluate``."""
    return evaluate(rule, values) is True


def _compare(rule: Comparison, actual: Value) -> bool | None:
    op = rule.op
    if op == "is_known" or op == "is_unknown":
        return is_blank(actual) is (op == "is_unknown")
    if is_blank(actual):
        return None
    if rule.type == "multi_choice":
        return _compare_set(rule, actual)
    known = _comparable(rule.type, actual, rule.field)
    expected = rule.value
    if op == "in" or op == "not_in":
        assert isinstance(expected, tuple)
        found = any(known == _constant(rule.type, item) for item in expected)
        return found is (op == "in")
    constant = _constant(rule.type, expected)
    if op == "eq" or op == "ne":
        return (known == constant) is (op == "eq")
    if op == "contains":
        return str(constant) in str(known)
    return _ordered(op, known, constant)


def _compare_set(rule: Comparison, actual: Value) -> bool:
    if not isinstance(actual, (tuple, list)):
        raise BadValue(f"{rule.field}: a list of choices is expected")
    if rule.op == "contains":
        return rule.value in actual
    assert isinstance(rule.value, tuple)
    return any(item in actual for item in rule.value) is (rule.op == "in")


def _ordered(op: str, known: Value, constant: object) -> bool:
    # Both sides have passed _comparable for one ordered type, so the comparison itself cannot fail.
    left, right = known, constant
    if op == "lt":
        return left < right  # type: ignore[operator]
    if op == "le":
        return left <= right  # type: ignore[operator]
    if op == "gt":
        return left > right  # type: ignore[operator]
    return left >= right  # type: ignore[operator]


def _constant(type: FieldType, value: object) -> object:
    return fold(value) if type == "text" and isinstance(value, str) else value


def _comparable(type: FieldType, value: Value, field: str) -> Value:
    if type == "text":
        if isinstance(value, str):
            return fold(value)
    elif type == "choice":
        if isinstance(value, str):
            return value
    elif type == "number" or type == "money":
        if isinstance(value, (Decimal, int)) and not isinstance(value, bool):
            return value
    elif type == "boolean":
        if isinstance(value, bool):
            return value
    elif type == "datetime":
        if isinstance(value, datetime) and value.utcoffset() is not None:
            return value
    elif isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise BadValue(f"{field}: {value!r} is not a value of type {type}")
