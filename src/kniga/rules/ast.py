"""The condition language as a typed tree.

A condition is true, false or *unknown* (Kleene's three-valued logic): a comparison with a field whose
value is not known is itself unknown; ``Not`` of unknown is unknown; ``And`` is false as soon as one
term is false, otherwise unknown as soon as one is unknown; ``Or`` mirrors it. Only ``is_known`` and
``is_unknown`` are never unknown. Whoever acts on a condition acts when it is *true*.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kniga.rules.fields import OPERATORS_OF, BadValue, FieldType, Operator, Value, is_blank
from kniga.rules.values import read_value

Operand = Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``field op value``. For ``in`` and ``not_in`` the value is a non-empty tuple of values of the
    field's type; for ``contains`` a text (a part of the text, or one of the chosen keys); for
    ``is_known`` and ``is_unknown`` None. Raises BadValue if operator or value does not fit the type."""

    field: str
    type: FieldType
    op: Operator
    value: Operand = None

    def __post_init__(self) -> None:
        if self.op not in OPERATORS_OF[self.type]:
            raise BadValue(f"the operator {self.op} is not defined for a field of type {self.type}")
        object.__setattr__(self, "value", _operand(self.type, self.op, self.value))


@dataclass(frozen=True, slots=True)
class And:
    """True if all terms are; without terms true."""

    terms: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True if one term is; without terms false."""

    terms: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True if the term is false."""

    term: "Rule"


Rule = Comparison | And | Or | Not


def comparisons(rule: Rule) -> Iterator[Comparison]:
    """Every comparison of a rule, from left to right."""
    if isinstance(rule, Comparison):
        yield rule
    elif isinstance(rule, Not):
        yield from comparisons(rule.term)
    else:
        for term in rule.terms:
            yield from comparisons(term)


def fields_of(rule: Rule) -> frozenset[str]:
    """The keys of all fields a rule looks at."""
    return frozenset(comparison.field for comparison in comparisons(rule))


def _operand(type: FieldType, op: Operator, value: Operand) -> Operand:
    if op in ("is_known", "is_unknown"):
        if value is not None:
            raise BadValue(f"{op} takes no value")
        return None
    if op in ("in", "not_in"):
        if not isinstance(value, (tuple, list)) or not value:
            raise BadValue(f"{op} needs a list of at least one value")
        return tuple(_single(type, item) for item in value)
    return _single(type, value)


def _single(type: FieldType, value: object) -> Value:
    if is_blank(value):
        raise BadValue("a value is needed; use is_unknown to ask for a field that is not filled in")
    return read_value("choice" if type == "multi_choice" else type, value)
