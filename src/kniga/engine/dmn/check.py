"""What is wrong with a decision table that can be read: rows that overlap, gaps, rows that never answer (DMN 1.3,
8.2.11: in a UNIQUE table no two rows may overlap)."""

from collections.abc import Mapping
from itertools import combinations

from kniga.engine.definition.decisions import DecisionTable
from kniga.engine.definition.problems import Problem, Severity
from kniga.rules import FieldRegistry, Rule, Value, write_value
from kniga.rules.decide import Closed, Given, both, first_true

MAX_NAMED = 20


def check_decision(table: DecisionTable, fields: FieldRegistry) -> tuple[Problem, ...]:
    """Overlapping rows of a UNIQUE table (errors), and as warnings: values no row answers when there is no default,
    rows of a FIRST table that never answer, and that a table is too large to be decided. Each with a witness."""
    closed = {
        key: tuple(choice.key for choice in fields[key].choices)
        for key in table.inputs
        if key in fields and fields[key].choices
    }
    problems = list(_overlaps(table, closed)) if table.policy == "UNIQUE" else []
    conditions = [rule.condition for rule in table.rules]
    reached, gap = first_true(conditions, {}, closed)
    if gap is not None and not gap and table.inputs:
        problems.append(_problem(table, "decision_not_decided", "warning"))
    elif gap is not None and table.policy != "COLLECT" and not _has_default(table):
        problems.append(_problem(table, "decision_gap", "warning", values=said(gap)))
    if table.policy == "FIRST":
        for at, rule in enumerate(table.rules):
            if at not in reached:
                problems.append(_problem(table, "row_never_answers", "warning", row=rule.id))
    return tuple(problems)


def said(values: Mapping[str, Value]) -> str:
    """Values for a person: ``deal.amount = 40000, client.kind unknown``."""
    return ", ".join(
        f"{key} unknown" if value is None else f"{key} = {write_value(value)}"
        for key, value in list(values.items())[:MAX_NAMED]
    )


def _overlaps(table: DecisionTable, closed: Closed) -> list[Problem]:
    found = []
    for one, other in combinations(table.rules, 2):
        witness = _both(one.condition, other.condition, closed)
        if witness is not None:
            rows = f"{one.id}, {other.id}"
            found.append(_problem(table, "rows_overlap", "error", rows=rows, values=said(witness) or "any values"))
    return found


def _both(one: Rule, other: Rule, closed: Closed) -> Mapping[str, Value] | None:
    decision = both(one, other, Given(choices=closed))
    return (decision.witness or {}) if decision.answer == "yes" else None


def _has_default(table: DecisionTable) -> bool:
    return any(output.default is not None for output in table.outputs)


def _problem(table: DecisionTable, code: str, severity: Severity, **params: str) -> Problem:
    return Problem(code, table.id, None, {"decision": table.name, **params}, severity)
