"""Business-rule task (BPMN 2.0, 10.3.3.4) with a decision table (DMN 1.3, 8.2.8: hit policies). Never rests."""

from collections.abc import Sequence
from decimal import Context, Decimal
from functools import reduce
from typing import Final

from kniga.engine.definition.decisions import DecisionRule, DecisionTable
from kniga.engine.definition.model import DecisionTask
from kniga.engine.runtime.elements import activity, multi_instance
from kniga.engine.runtime.events import DecisionMade
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Move, Run
from kniga.rules import Value

Outputs = dict[str, Value]
_EXACT: Final = Context(prec=100)
"""Numbers have at most 30 digits on either side of the point: no sum of a table's rows is rounded, in any thread."""


def enter(run: Run, task: DecisionTask, move: Move) -> None:
    """Decide, keep the outputs as answers, go on. Raises Refused decision_not_unique, no_decision or bad_field."""
    if task.loop is not None and move.item is None:
        return multi_instance.enter(run, task, move)
    table = task.table
    hits = [rule for rule in table.rules if run.holds(rule.condition, move.outcome)]
    rows, outputs = decide(table, hits)
    run.answer(outputs)
    run.events.append(DecisionMade(task.id, table.id, tuple(row.id for row in rows), outputs))
    return activity.done(run, task, move.parent, move.item, move.outcome)


def decide(table: DecisionTable, hits: Sequence[DecisionRule]) -> tuple[Sequence[DecisionRule], Outputs]:
    """The rows that count, of those that hold, and the outputs they give."""
    if table.policy == "COLLECT":
        return hits, {output.key: _collect(table, hits, column) for column, output in enumerate(table.outputs)}
    if not hits:
        return (), _defaults(table)
    if table.policy == "UNIQUE" and len(hits) > 1:
        raise Refused("decision_not_unique", table=table.id, rows=", ".join(rule.id for rule in hits))
    chosen = min(hits, key=lambda rule: _rank(table, rule)) if table.policy == "PRIORITY" else hits[0]
    return (chosen,), {output.key: value for output, value in zip(table.outputs, chosen.outputs, strict=True)}


def _defaults(table: DecisionTable) -> Outputs:
    outputs = {output.key: output.default for output in table.outputs}
    if all(value is None for value in outputs.values()):
        raise Refused("no_decision", table=table.id)
    return outputs


def _rank(table: DecisionTable, rule: DecisionRule) -> tuple[int, ...]:
    """The more important the values, column by column, the smaller; what is not listed comes last."""
    return tuple(
        output.priorities.index(value) if value in output.priorities else len(output.priorities)
        for output, value in zip(table.outputs, rule.outputs, strict=True)
    )


def _collect(table: DecisionTable, hits: Sequence[DecisionRule], column: int) -> Value:
    found = [rule.outputs[column] for rule in hits]
    if table.aggregation == "COUNT":
        return len(found)
    if not found:
        return table.outputs[column].default
    if table.aggregation is None:
        # A list of choices has each of them once, as everywhere.
        return tuple(dict.fromkeys(str(value) for value in found))
    numbers = [value for value in found if isinstance(value, (Decimal, int))]
    if table.aggregation == "SUM":
        return reduce(_EXACT.add, numbers, Decimal(0))
    return min(numbers) if table.aggregation == "MIN" else max(numbers)
