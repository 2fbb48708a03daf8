"""Business-rule tasks (BPMN 2.0, 10.3.3.4): each row of the table that may answer answers once."""

from kniga.engine.definition.decisions import DecisionTable
from kniga.engine.definition.model import DecisionTask
from kniga.engine.soundness.data import Facts
from kniga.engine.soundness.marking import Blocked, Move, Refusals, Walk
from kniga.engine.soundness.outline import Outline
from kniga.engine.soundness.passing import go_on, skipping
from kniga.rules import Value


def enter_decision(outline: Outline, walk: Walk, task: DecisionTask, move: Move, refusals: Refusals) -> list[Walk]:
    """Answer and go on. A table of one answer at a time (UNIQUE, FIRST) says what its outputs are then; of the
    outputs of other tables nothing is known."""
    table = task.table
    walk.reads |= outline.read[task.id]
    walk.writes |= outline.writes[task.id]
    defaults = tuple(output.default for output in table.outputs)
    found: list[Walk] = []
    if task.loop is not None:
        move = move._replace(outcome=None)
        if skipping(task.loop):
            found.extend(go_on(walk.copy(), task, task.ways, move))
    conditions = [rule.condition for rule in table.rules]
    for at, facts in outline.conditions.first(conditions, move.outcome, walk.facts, task.id):
        outputs = defaults if at is None else table.rules[at].outputs
        if at is None and table.policy != "COLLECT" and not any(value is not None for value in defaults):
            refusals.append(Blocked("decision_gap", task.id, None, (*move.trail, task.id)))
            continue
        other = walk.copy()
        other.facts = outline.forget(facts, outline.writes[task.id]) | _said(outline, table, outputs)
        found.extend(go_on(other, task, task.ways, move))
    return found


def _said(outline: Outline, table: DecisionTable, outputs: tuple[Value, ...]) -> Facts:
    if table.policy not in ("UNIQUE", "FIRST"):
        return frozenset()
    found: Facts = frozenset()
    for output, value in zip(table.outputs, outputs, strict=True):
        key = f"answer.{output.key}"
        if key in outline.tracked and output.type != "multi_choice":
            found |= outline.conditions.equal(key, output.type, value)
    return found
