"""Decision tables of business-rule tasks: rows that overlap, gaps, rows that never answer (DMN 1.3, 8.2)."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from kniga.engine.definition.model import DecisionTask, Definition
from kniga.engine.definition.problems import Problem
from kniga.engine.definition.standard_fields import STANDARD_FIELDS
from kniga.engine.dmn.check import check_decision
from kniga.rules import FieldChoice, FieldRegistry, FieldSpec

MAY_FAIL = "decision_may_fail"
GAP = "decision_gap"
KIND = replace(
    STANDARD_FIELDS["client.kind"],
    choices=(FieldChoice("company", "Company", "Компания"), FieldChoice("person", "Person", "Частное лицо")),
)
"""A client is one of two kinds."""


def table_problems(definition: Definition, undecided: Collection[str]) -> Iterator[Problem]:
    """What is wrong with the tables themselves, said at the task that asks them, each table once. A gap is told only
    of the tasks ``undecided``: of any other the exploration knows whether a run comes to it."""
    fields = fields_of_definition(definition)
    told: set[str] = set()
    for task in definition.elements.values():
        if not isinstance(task, DecisionTask):
            continue
        for found in check_decision(task.table, fields):
            if (found.code == GAP and task.id in undecided) or (found.code != GAP and task.table.id not in told):
                yield replace(found, element=task.id)
        told.add(task.table.id)


def with_witness(definition: Definition, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems, and where a decision may find no row, the values for which it finds none."""
    fields = fields_of_definition(definition)
    return tuple(_witnessed(definition, one, fields) if one.code == MAY_FAIL else one for one in problems)


def _witnessed(definition: Definition, problem: Problem, fields: FieldRegistry) -> Problem:
    task = definition.elements[problem.element or ""]
    assert isinstance(task, DecisionTask)
    gap = next((one for one in check_decision(task.table, fields) if one.code == GAP), None)
    return problem if gap is None else replace(problem, code=GAP, params=gap.params)


def fields_of_definition(definition: Definition) -> FieldRegistry:
    """The fields a definition's tables look at, with the labels people know them by."""
    found: dict[str, FieldSpec] = {**STANDARD_FIELDS, KIND.key: KIND}
    for task in definition.user_tasks():
        for question in task.questions:
            choices = tuple(FieldChoice(one.key, one.label, one.label) for one in question.choices)
            _keep(found, FieldSpec(f"answer.{question.key}", question.type, question.label, question.label, choices))
    for element in definition.elements.values():
        if not isinstance(element, DecisionTask):
            continue
        for output in element.table.outputs:
            _keep(found, FieldSpec(f"answer.{output.key}", output.type, output.label, output.label))
    return found


def _keep(found: dict[str, FieldSpec], spec: FieldSpec) -> None:
    """One question may stand at several steps: its values are those of all of them."""
    known = found.get(spec.key)
    if known is not None:
        keys = {choice.key for choice in known.choices}
        more = tuple(choice for choice in spec.choices if choice.key not in keys)
        spec = replace(known, choices=(*known.choices, *more))
    found[spec.key] = spec
