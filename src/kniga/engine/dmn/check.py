"""What is wrong with a decision table that can be read: rows that overlap, gaps, rows that never answer (DMN 1.3, 8.2:
hit policy; in a UNIQUE table no two rows may overlap)."""

from collections.abc import Mapping

from kniga.engine.definition.decisions import DecisionTable
from kniga.engine.definition.problems import Problem, Severity
from kniga.rules import And, Comparison, FieldRegistry, Rule, Value, comparisons, fields_of, rule_to_sentence
from kniga.rules.decide import Effort, Given, first_true, overlaps
from kniga.rules.shown import Language

MAX_NAMED = 20
"""How many fields a witness names, and how many pairs of rows are told."""
_ANYTHING: Mapping[Language, str] = {"en": "anything holds", "ru": "верно что угодно"}


def check_decision(table: DecisionTable, fields: FieldRegistry) -> tuple[Problem, ...]:
    """Overlapping rows of a UNIQUE table (errors), and as warnings: values no row answers when there is no default,
    rows of a FIRST table that never answer, rows that answer nothing, and that a table is too large to be decided
    in about two seconds. Each with a witness."""
    closed = {
        key: tuple(choice.key for choice in fields[key].choices)
        for key in table.inputs
        if key in fields and fields[key].choices
    }
    effort = Effort()
    problems = _overlaps(table, fields, Given({}, closed), effort) if table.policy == "UNIQUE" else []
    conditions = [rule.condition for rule in table.rules]
    reached, gap = first_true(conditions, {}, closed, effort)
    if gap is not None and not gap and any(map(fields_of, conditions)):
        if not any(problem.code == "decision_not_decided" for problem in problems):
            problems.append(_problem(table, "decision_not_decided", "warning"))
    elif gap is not None and table.policy != "COLLECT" and not _has_default(table):
        problems.append(_problem(table, "decision_gap", "warning", **_values(table, gap, fields)))
    if table.policy == "FIRST":
        for at in range(len(table.rules)):
            if at not in reached:
                problems.append(_problem(table, "row_never_answers", "warning", row=str(at + 1)))
    if table.aggregation != "COUNT":
        for at, rule in enumerate(table.rules, 1):
            if all(answer is None for answer in rule.outputs):
                problems.append(_problem(table, "row_without_answer", "warning", row=str(at)))
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


def _overlaps(table: DecisionTable, fields: FieldRegistry, given: Given, effort: Effort) -> list[Problem]:
    pairs = overlaps([rule.condition for rule in table.rules], given, effort, MAX_NAMED)
    found = []
    for pair in pairs:
        if pair.decision.answer == "yes":
            rows, witness = f"{pair.first + 1}, {pair.second + 1}", pair.decision.witness or {}
            found.append(_problem(table, "rows_overlap", "error", rows=rows, **_values(table, witness, fields)))
    if not all(pair.decision.is_decided for pair in pairs):
        found.append(_problem(table, "decision_not_decided", "warning"))
    return found


def _has_default(table: DecisionTable) -> bool:
    return any(output.default is not None for output in table.outputs)


def _problem(table: DecisionTable, code: str, severity: Severity, **params: str) -> Problem:
    return Problem(code, table.id, None, {"decision": table.name or table.id, **params}, severity)
