"""What is wrong with a decision table that can be read: rows that overlap, gaps, rows that never answer (DMN 1.3, 8.2:
hit policy; in a UNIQUE table no two rows may overlap)."""

from collections.abc import Mapping
from itertools import combinations

from kniga.engine.definition.decisions import DecisionTable
from kniga.engine.definition.problems import Problem, Severity
from kniga.rules import And, Comparison, FieldRegistry, Not, Or, Rule, Value, fields_of, write_value
from kniga.rules.decide import Closed, first_true

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
    if gap is not None and not gap and any(map(fields_of, conditions)):
        if not any(problem.code == "decision_not_decided" for problem in problems):
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
    undecided = False
    for one, other in combinations(table.rules, 2):
        both = And((one.condition, other.condition))
        # Where it is not true that both apply there is a gap exactly where they do.
        _, witness = first_true([Not(_surely(both, True))], {}, closed)
        if witness is None:
            continue
        if not witness and fields_of(both):
            undecided = True
            continue
        rows = f"{one.id}, {other.id}"
        found.append(_problem(table, "rows_overlap", "error", rows=rows, values=said(witness) or "any values"))
    if undecided:
        found.append(_problem(table, "decision_not_decided", "warning"))
    return found


def _surely(rule: Rule, truth: bool) -> Rule:
    """The condition that a condition is true (or false), which itself is never unknown."""
    if isinstance(rule, Not):
        return _surely(rule.term, not truth)
    if isinstance(rule, Comparison):
        met = rule if truth else Not(rule)
        if rule.op in ("is_known", "is_unknown"):
            return met
        return And((Comparison(rule.field, rule.type, "is_known"), met))
    terms = tuple(_surely(term, truth) for term in rule.terms)
    return And(terms) if isinstance(rule, And) is truth else Or(terms)


def _has_default(table: DecisionTable) -> bool:
    return any(output.default is not None for output in table.outputs)


def _problem(table: DecisionTable, code: str, severity: Severity, **params: str) -> Problem:
    return Problem(code, table.id, None, {"decision": table.name, **params}, severity)
