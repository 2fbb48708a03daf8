"""Conditions as SQL text with parameters, for PostgreSQL (psycopg's ``%s`` placeholders)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kniga.rules.ast import And, Comparison, Not, Rule
from kniga.rules.fields import FieldType
from kniga.rules.folding import fold

_CASTS: Mapping[FieldType, str] = {
    "text": "text",
    "number": "numeric",
    "money": "numeric",
    "date": "date",
    "datetime": "timestamptz",
    "choice": "text",
    "multi_choice": "text",
    "boolean": "boolean",
}
_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


@dataclass(frozen=True, slots=True)
class Sql:
    """A boolean SQL expression and its parameters, in order. NULL means unknown."""

    text: str
    params: tuple[object, ...]


def rule_to_sql(rule: Rule, columns: Mapping[str, str]) -> Sql:
    """Compile a condition; in WHERE it selects the rows for which it is surely true.

    ``columns`` maps field keys to trusted SQL expressions of the field's type: text and choice as
    text, multiple choice as text[], the others as numeric, date, timestamptz, boolean. Raises KeyError
    for a field without a column.
    """
    if isinstance(rule, Comparison):
        return _comparison(rule, columns[rule.field])
    if isinstance(rule, Not):
        inner = rule_to_sql(rule.term, columns)
        return Sql(f"(NOT {inner.text})", inner.params)
    parts = [rule_to_sql(term, columns) for term in rule.terms]
    if not parts:
        return Sql("TRUE" if isinstance(rule, And) else "FALSE", ())
    glue = " AND " if isinstance(rule, And) else " OR "
    text = f"({glue.join(part.text for part in parts)})"
    return Sql(text, tuple(param for part in parts for param in part.params))


def _comparison(rule: Comparison, column: str) -> Sql:
    known = _known(rule.type, column)
    if rule.op == "is_known" or rule.op == "is_unknown":
        return Sql(f"({known} IS {'NOT ' if rule.op == 'is_known' else ''}NULL)", ())
    if rule.type == "multi_choice":
        return _set_comparison(rule, known)
    cast = _CASTS[rule.type]
    ready: Callable[[object], object] = _folded if rule.type == "text" else _same
    if rule.type == "text":
        known = f"translate(lower({known}), 'ё', 'е')"
    if rule.op == "in" or rule.op == "not_in":
        assert isinstance(rule.value, tuple)
        test = "= ANY" if rule.op == "in" else "<> ALL"
        return Sql(f"({known} {test}(%s::{cast}[]))", ([ready(item) for item in rule.value],))
    if rule.op == "contains":
        return Sql(f"({known} LIKE %s)", (f"%{_escaped(str(ready(rule.value)))}%",))
    return Sql(f"({known} {_SIGNS[rule.op]} %s::{cast})", (ready(rule.value),))


def _set_comparison(rule: Comparison, known: str) -> Sql:
    if rule.op == "contains":
        return Sql(f"(%s::text = ANY({known}))", (rule.value,))
    assert isinstance(rule.value, tuple)
    negation = "" if rule.op == "in" else "NOT "
    return Sql(f"({negation}{known} && %s::text[])", (list(rule.value),))


def _known(type: FieldType, column: str) -> str:
    if type == "text" or type == "choice":
        return f"NULLIF({column}, '')"
    return f"NULLIF({column}, '{{}}')" if type == "multi_choice" else column


def _folded(value: object) -> object:
    return fold(value) if isinstance(value, str) else value


def _same(value: object) -> object:
    return value


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
