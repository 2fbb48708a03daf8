"""Conditions as SQL text with parameters, for PostgreSQL (psycopg's ``%s`` placeholders)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from kniga.rules.ast import And, Comparison, Not, Rule, items_of
from kniga.rules.compiled import ready
from kniga.rules.fields import FieldType, is_many
from kniga.rules.operands import OtherField
from kniga.rules.relative import resolve

_CASTS: Mapping[FieldType, str] = {
    "text": "text",
    "number": "numeric",
    "money": "numeric",
    "date": "date",
    "datetime": "timestamptz",
    "choice": "text",
    "multi_choice": "text",
    "boolean": "boolean",
    "reference": "bigint",
    "multi_reference": "bigint",
}
_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_PATTERNS = {"contains": "%{}%", "not_contains": "%{}%", "starts_with": "{}%", "ends_with": "%{}"}


@dataclass(frozen=True, slots=True)
class Sql:
    """A boolean SQL expression and its parameters, in order. NULL means unknown."""

    text: str
    params: tuple[object, ...]


def rule_to_sql(
    rule: Rule, columns: Mapping[str, str], *, now: datetime | None = None, zone: tzinfo | None = None
) -> Sql:
    """Compile a condition; in WHERE it selects the rows for which it is surely true.

    ``columns`` maps field keys to trusted SQL expressions of the field's type: text and choice as
    text, multiple choice as text[], reference as bigint, references as bigint[], the others as numeric (finite),
    date, timestamptz, boolean. ``now`` and ``zone`` as in ``evaluate``: relative dates become parameters. Raises
    KeyError for a field without a column, BadValue if ``now`` is needed and missing.
    """
    return _compiled(resolve(rule, now, zone), columns)


def _compiled(rule: Rule, columns: Mapping[str, str]) -> Sql:
    if isinstance(rule, Comparison):
        return _comparison(rule, columns)
    if isinstance(rule, Not):
        inner = _compiled(rule.term, columns)
        return Sql(f"(NOT {inner.text})", inner.params)
    parts = [_compiled(term, columns) for term in rule.terms]
    if not parts:
        return Sql("TRUE" if isinstance(rule, And) else "FALSE", ())
    glue = " AND " if isinstance(rule, And) else " OR "
    text = f"({glue.join(part.text for part in parts)})"
    return Sql(text, tuple(param for part in parts for param in part.params))


def _comparison(rule: Comparison, columns: Mapping[str, str]) -> Sql:
    op = rule.op
    if op == "is_known" or op == "is_unknown":
        known = _known(rule.type, columns[rule.field])
        return Sql(f"({known} IS {'NOT ' if op == 'is_known' else ''}NULL)", ())
    if is_many(rule.type):
        return _set_comparison(rule, _known(rule.type, columns[rule.field]))
    left = _folded(rule.type, columns[rule.field])
    if isinstance(rule.value, OtherField):
        return Sql(f"({left} {_SIGNS[op]} {_folded(rule.type, columns[rule.value.key])})", ())
    cast = _CASTS[rule.type]
    values = [ready(rule.type, item) for item in items_of(rule)]
    if op == "in" or op == "not_in":
        return Sql(f"({left} {'= ANY' if op == 'in' else '<> ALL'}(%s::{cast}[]))", (values,))
    if op == "between":
        return Sql(f"({left} BETWEEN %s::{cast} AND %s::{cast})", tuple(values))
    if op in _PATTERNS:
        pattern = _PATTERNS[op].format(_escaped(values[0]))
        return Sql(f"({left} {'NOT ' if op == 'not_contains' else ''}LIKE %s)", (pattern,))
    return Sql(f"({left} {_SIGNS[op]} %s::{cast})", (values[0],))


def _set_comparison(rule: Comparison, known: str) -> Sql:
    cast = _CASTS[rule.type]
    values = list(items_of(rule))
    if rule.op == "contains" or rule.op == "not_contains":
        sign, test = ("=", "ANY") if rule.op == "contains" else ("<>", "ALL")
        return Sql(f"(%s::{cast} {sign} {test}({known}))", (values[0],))
    if rule.op == "all_of":
        return Sql(f"({known} @> %s::{cast}[])", (values,))
    return Sql(f"({'' if rule.op == 'any_of' else 'NOT '}{known} && %s::{cast}[])", (values,))


def _known(type: FieldType, column: str) -> str:
    if type == "text" or type == "choice":
        return f"NULLIF({column}, '')"
    return f"NULLIF({column}, '{{}}')" if is_many(type) else column


def _folded(type: FieldType, column: str) -> str:
    known = _known(type, column)
    return f"translate(lower({known}), 'ё', 'е')" if type == "text" else known


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
