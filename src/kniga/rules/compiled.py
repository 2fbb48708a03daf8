"""Conditions as Python functions: what does not depend on the record is done once, beforehand.

Datetimes are compared in UTC: two of one zone would compare by the wall clock, even where it is set back.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from kniga.rules.ast import Comparison, Not, Or, Rule, items_of
from kniga.rules.fields import BadValue, FieldType, Value, is_many
from kniga.rules.folding import fold
from kniga.rules.operands import OtherField
from kniga.rules.values import utc_of

Predicate = Callable[[Mapping[str, Value]], bool | None]
"""Tells for the values of a record whether it meets a condition; None is unknown."""
Reader = Callable[[Any], Any]
Test = Callable[[Any], bool]


def compiled(rule: Rule) -> Predicate:
    """Compile a condition without relative values (``relative.resolve`` takes them out)."""
    if isinstance(rule, Comparison):
        return _comparison(rule)
    if isinstance(rule, Not):
        return _negation(compiled(rule.term))
    return _junction(tuple(compiled(term) for term in rule.terms), isinstance(rule, Or))


def _negation(inner: Predicate) -> Predicate:
    def negated(values: Mapping[str, Value]) -> bool | None:
        outcome = inner(values)
        return None if outcome is None else not outcome

    return negated


def _junction(terms: tuple[Predicate, ...], decisive: bool) -> Predicate:
    def joined(values: Mapping[str, Value]) -> bool | None:
        verdict: bool | None = not decisive
        for term in terms:
            outcome = term(values)
            if outcome is decisive:
                return decisive
            if outcome is None:
                verdict = None
        return verdict

    return joined


def _comparison(rule: Comparison) -> Predicate:
    field = rule.field
    if rule.op == "is_known":
        return lambda values: _known(values.get(field))
    if rule.op == "is_unknown":
        return lambda values: not _known(values.get(field))
    read = _reader(rule)
    if isinstance(rule.value, OtherField):
        return _between_fields(field, rule.value.key, read, _SIGNS[rule.op])
    test = _set_test(rule) if is_many(rule.type) else _single_test(rule)

    def compare(values: Mapping[str, Value]) -> bool | None:
        actual = values.get(field)
        if not actual and not _known(actual):
            return None
        return test(read(actual))

    return compare


def _between_fields(left: str, right: str, read: Reader, sign: Callable[[Any, Any], bool]) -> Predicate:
    def compare(values: Mapping[str, Value]) -> bool | None:
        one, other = values.get(left), values.get(right)
        if not _known(one) or not _known(other):
            return None
        return sign(read(one), read(other))

    return compare


_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {"eq": eq, "ne": ne, "lt": lt, "le": le, "gt": gt, "ge": ge}


def _single_test(rule: Comparison) -> Test:
    op = rule.op
    items: list[Any] = [ready(rule.type, item) for item in items_of(rule)]
    constant = items[0]
    if op in _SIGNS:
        sign = _SIGNS[op]
        return lambda actual: sign(actual, constant)
    if op == "in" or op == "not_in":
        wanted, listed = op == "in", frozenset(items)
        return lambda actual: (actual in listed) is wanted
    if op == "between":
        low, high = items
        return lambda actual: bool(low <= actual <= high)
    if op == "starts_with":
        return lambda actual: bool(actual.startswith(constant))
    if op == "ends_with":
        return lambda actual: bool(actual.endswith(constant))
    contained = op == "contains"
    return lambda actual: (constant in actual) is contained


def _set_test(rule: Comparison) -> Test:
    items = frozenset(items_of(rule))
    if rule.op == "all_of":
        return lambda actual: items.issubset(actual)
    common = rule.op in ("none_of", "not_contains")
    return lambda actual: items.isdisjoint(actual) is common


def ready(type: FieldType, value: Any) -> Any:
    """A value in the form in which it is compared: texts folded, moments in UTC."""
    if type == "text":
        return fold(value)
    return utc_of(value) if type == "datetime" else value


def _reader(rule: Comparison) -> Reader:
    check, prepare = _CHECKS[rule.type]
    type, place = rule.type, rule.field

    def read(value: Any) -> Any:
        if not check(value):
            raise BadValue(f"{place}: {value!r} is not a value of type {type}")
        return value if prepare is None else prepare(value)

    return read


def _known(value: object) -> bool:
    return not (value is None or value == "" or value == () or value == [])


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_moment(value: object) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_keys(value: object) -> bool:
    return isinstance(value, (tuple, list)) and all(isinstance(item, str) for item in value)


def _are_ids(value: object) -> bool:
    return isinstance(value, (tuple, list)) and all(map(_is_id, value))


_CHECKS: Mapping[FieldType, tuple[Callable[[object], bool], Reader | None]] = {
    "text": (_is_text, fold),
    "number": (_is_number, None),
    "money": (_is_number, None),
    "date": (_is_date, None),
    "datetime": (_is_moment, utc_of),
    "choice": (_is_text, None),
    "multi_choice": (_are_keys, None),
    "boolean": (_is_boolean, None),
    "reference": (_is_id, None),
    "multi_reference": (_are_ids, None),
}
