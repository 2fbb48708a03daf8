"""Cells of a table as conditions over a field, and conditions as cells.

A cell is met when its condition is *true*. FEEL's null is our *unknown*: ``null`` asks for it, ``not("A")`` is met
by it (null = "A" is false, DMN 1.3, 10.3.2), while ``not(< 5)`` is not (null < 5 is null). Texts are compared as
everywhere in Kniga, with case and ё/е folded; choices exactly.
"""

from collections.abc import Mapping

from kniga.engine.dmn.feel import FeelValue, LiteralKind, Range, Test, UnaryTests
from kniga.rules import And, BadValue, Comparison, FieldSpec, FieldType, Not, Or, Rule, Value, read_value

_KIND: Mapping[FieldType, LiteralKind] = {
    "text": "text", "choice": "text", "multi_choice": "text", "number": "number", "money": "number",
    "boolean": "boolean", "date": "date", "datetime": "datetime",
}  # fmt: skip
_ORDERED = frozenset({"number", "money", "date", "datetime"})


class WrongValue(ValueError):
    """A literal does not fit the type of its column; the message is the literal's text."""


def is_single(type: FieldType) -> bool:
    """Whether a field of this type holds one value that a cell can speak of."""
    return type in _KIND and type != "multi_choice"


def type_of_literals(tests: tuple[UnaryTests, ...]) -> FieldType | None:
    """The type that all literals of a column have, None if they have none or differ."""
    kinds = {value.kind for cell in tests for test in cell.tests for value in _values(test)} - {"null"}
    return next((type for type, kind in _KIND.items() if {kind} == kinds), None)


def value_of(literal: FeelValue, type: FieldType) -> Value:
    """A literal as a value of this type; null and the empty text are unknown. Raises WrongValue."""
    if literal.kind == "null" or literal.value == "":
        return None
    if literal.kind != _KIND.get(type):
        raise WrongValue(str(literal.value))
    try:
        return read_value("text" if type == "multi_choice" else type, literal.value)
    except BadValue:
        raise WrongValue(str(literal.value)) from None


def condition_of(cell: UnaryTests, spec: FieldSpec) -> Rule | None:
    """The condition a cell puts to the field; None if anything goes. Raises WrongValue."""
    if not cell.tests:
        return None
    literals = [_checked(test, spec) for test in cell.tests if isinstance(test, FeelValue)]
    known: list[Value] = [value for value in literals if value is not None]
    has_null = len(known) < len(literals)
    others = [_ordered(test, spec) for test in cell.tests if not isinstance(test, FeelValue)]
    if not cell.negated:
        unknown = [Comparison(spec.key, spec.type, "is_unknown")] if has_null else []
        return _any([*unknown, *_equal(spec, known), *others])
    if others:
        unknown = [Comparison(spec.key, spec.type, "is_unknown")] if has_null else []
        return Not(_any([*unknown, *_equal(spec, known), *others]))
    if not known:
        return Comparison(spec.key, spec.type, "is_known")
    differs = _differs(spec, known)
    return differs if has_null else Or((Comparison(spec.key, spec.type, "is_unknown"), differs))


def _values(test: Test) -> tuple[FeelValue, ...]:
    if isinstance(test, Range):
        return (test.low.value, test.high.value)
    return (test,) if isinstance(test, FeelValue) else (test.value,)


def _checked(literal: FeelValue, spec: FieldSpec) -> Value:
    value = value_of(literal, spec.type)
    if value is not None and spec.choices and value not in {choice.key for choice in spec.choices}:
        raise WrongValue(str(value))
    return value


def _equal(spec: FieldSpec, values: list[Value]) -> list[Rule]:
    if spec.type == "boolean":
        return [Comparison(spec.key, spec.type, "eq", value) for value in values]
    if len(values) > 1:
        return [Comparison(spec.key, spec.type, "in", tuple(values))]
    return [Comparison(spec.key, spec.type, "eq", value) for value in values]


def _differs(spec: FieldSpec, values: list[Value]) -> Rule:
    if len(values) == 1:
        return Comparison(spec.key, spec.type, "ne", values[0])
    if spec.type == "boolean":
        return And(tuple(Comparison(spec.key, spec.type, "ne", value) for value in values))
    return Comparison(spec.key, spec.type, "not_in", tuple(values))


def _ordered(test: Test, spec: FieldSpec) -> Rule:
    if isinstance(test, Range):
        return And((_ordered(test.low, spec), _ordered(test.high, spec)))
    assert not isinstance(test, FeelValue)
    value = value_of(test.value, spec.type)
    if spec.type not in _ORDERED or value is None:
        raise WrongValue(str(test.value.value))
    return Comparison(spec.key, spec.type, test.sign, value)


def _any(terms: list[Rule]) -> Rule:
    return terms[0] if len(terms) == 1 else Or(tuple(terms))
