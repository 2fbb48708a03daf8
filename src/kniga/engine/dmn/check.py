"""What is wrong with a decision table that can be read: rows that overlap, gaps, rows that never answer (DMN 1.3, 8.2:
hit policy; in a UNIQUE table no two rows may overlap)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from kniga.engine.definition.decisions import DecisionTable
from kniga.engine.definition.problems import Problem, Severity
from kniga.rules import And, Comparison, FieldRegistry, Rule, Value, comparisons, fields_of, fold, rule_to_sentence
from kniga.rules.decide import Given, both, first_true
from kniga.rules.shown import Language

MAX_NAMED = 20
"""How many fields a witness names, and how many pairs of rows are told."""
_ANYTHING: Mapping[Language, str] = {"en": "anything holds", "ru": "верно что угодно"}


def check_decision(table: DecisionTable, fields: FieldRegistry) -> tuple[Problem, ...]:
    """Overlapping rows of a UNIQUE table (errors), and as warnings: values no row answers when there is no default,
    rows of a FIRST table that never answer, and that a table is too large to be decided. Each with a witness."""
    closed = {
        key: tuple(choice.key for choice in fields[key].choices)
        for key in table.inputs
        if key in fields and fields[key].choices
    }
    problems = _overlaps(table, fields, Given({}, closed)) if table.policy == "UNIQUE" else []
    conditions = [rule.condition for rule in table.rules]
    reached, gap = first_true(conditions, {}, closed)
    if gap is not None and not gap and any(map(fields_of, conditions)):
        if not any(problem.code == "decision_not_decided" for problem in problems):
            problems.append(_problem(table, "decision_not_decided", "warning"))
    elif gap is not None and table.policy != "COLLECT" and not _has_default(table):
        problems.append(_problem(table, "decision_gap", "warning", **_values(table, gap, fields)))
    if table.policy == "FIRST":
        for at in range(len(table.rules)):
            if at not in reached:
                problems.append(_problem(table, "row_never_answers", "warning", row=str(at + 1)))
    return tuple(problems)


def said(table: DecisionTable, values: Mapping[str, Value], fields: FieldRegistry, language: Language) -> str:
    """Values for a person: ``Deal amount is 40,000 and Kind of client is not known``."""
    types = {one.field: one.type for rule in table.rules for one in comparisons(rule.condition)}
    told: list[Rule] = [
        Comparison(key, types[key], "is_unknown") if value is None else Comparison(key, types[key], "eq", value)
        for key, value in list(values.items())[:MAX_NAMED]
        if key in types
    ]
    return rule_to_sentence(And(tuple(told)), fields, language) if told else _ANYTHING[language]


def _values(table: DecisionTable, values: Mapping[str, Value], fields: FieldRegistry) -> dict[str, str]:
    return {"values": said(table, values, fields, "en"), "values_ru": said(table, values, fields, "ru")}


def _overlaps(table: DecisionTable, fields: FieldRegistry, given: Given) -> list[Problem]:
    found = []
    undecided = False
    for (at, one), (behind, other) in combinations(enumerate(table.rules, 1), 2):
        if _are_apart(one.condition, other.condition):
            continue
        decision = both(one.condition, other.condition, given)
        undecided = undecided or not decision.is_decided
        if decision.answer == "yes":
            rows, witness = f"{at}, {behind}", decision.witness or {}
            found.append(_problem(table, "rows_overlap", "error", rows=rows, **_values(table, witness, fields)))
        if len(found) == MAX_NAMED:
            break
    if undecided:
        found.append(_problem(table, "decision_not_decided", "warning"))
    return found


def _are_apart(one: Rule, other: Rule) -> bool:
    """Whether two rows plainly look for different values of one field: most pairs of a table do, and need no search."""
    for here, there in product(_spans(one), _spans(other)):
        if here.field == there.field and (_is_below(here.high, there.low) or _is_below(there.high, here.low)):
            return True
    return False


def _is_below(high: Any, low: Any) -> bool:
    return high is not None and low is not None and high < low


@dataclass(frozen=True, slots=True)
class _Span:
    """From where to where a row lets a field be, both included; None is without end."""

    field: str
    low: Any
    high: Any


def _spans(rule: Rule) -> Iterator[_Span]:
    if isinstance(rule, And):
        for term in rule.terms:
            yield from _spans(term)
    if not isinstance(rule, Comparison):
        return
    value: Any = fold(rule.value) if rule.type == "text" and isinstance(rule.value, str) else rule.value
    if rule.op in ("eq", "gt", "ge", "lt", "le"):
        yield _Span(rule.field, None if rule.op in ("lt", "le") else value, None if rule.op in ("gt", "ge") else value)


def _has_default(table: DecisionTable) -> bool:
    return any(output.default is not None for output in table.outputs)


def _problem(table: DecisionTable, code: str, severity: Severity, **params: str) -> Problem:
    return Problem(code, table.id, None, {"decision": table.name or table.id, **params}, severity)
