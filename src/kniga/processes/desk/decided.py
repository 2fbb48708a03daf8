"""How a decision came about, for the timeline: what it answered, and because of what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language

from kniga.engine import DecisionRule, DecisionTask, Definition
from kniga.engine.state_format.values import load_values
from kniga.processes.wording.words import condition_fields, condition_in_words
from kniga.rules import FieldType, Value
from kniga.rules.shown import Language, show_value


@dataclass(frozen=True, slots=True)
class Decided:
    """An answer of a table: its `label` and `value`, both for a person. Then `reasons`: each line that counted, and
    the points it gave ("" where the lines give no points)."""

    label: str
    value: str
    reasons: tuple[tuple[str, str], ...]


def decided(definition: Definition, payload: Mapping[str, Any]) -> tuple[Decided, ...]:
    """What the event `processes.decision.made` tells, by the version it happened under; nothing for a task or rows
    that version does not have."""
    task = definition.elements.get(str(payload.get("element")))
    if not isinstance(task, DecisionTask):
        return ()
    values = load_values(payload.get("outputs", {}))
    rows = [row for row in task.table.rules if row.id in payload.get("rows", ())]
    is_sum = task.table.aggregation == "SUM"
    reasons = tuple((_named(row, definition), _points(row.outputs[0]) if is_sum else "") for row in rows if row.outputs)
    labels = condition_fields(definition)
    found = []
    for at, output in enumerate(task.table.outputs):
        spec = labels.get(f"answer.{output.key}")
        label = output.label if spec is None else spec.label_en
        found.append(Decided(label, _shown(values.get(output.key), output.type), () if at else reasons))
    return tuple(found)


def _named(row: DecisionRule, definition: Definition) -> str:
    return row.label or condition_in_words(row.condition, definition)


def _points(value: Value) -> str:
    text = _shown(value, "number")
    return f"+{text}" if isinstance(value, (int, Decimal)) and value > 0 else text


def _shown(value: Value, type: FieldType) -> str:
    if value is None:
        return "—"
    items = value if isinstance(value, tuple) else (value,)
    language: Language = "ru" if get_language() == "ru" else "en"
    return ", ".join(item if isinstance(item, str) else show_value(item, type, None, language) for item in items)
