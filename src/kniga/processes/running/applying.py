"""Write engine steps: one database function takes a step as one JSON document, another takes many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import connection

from kniga.engine import Event, State, Step, Token, UserTask, dump_state
from kniga.engine.state_format.codec import dump_value
from kniga.platform.prepared import Prepared
from kniga.processes.running.effects import DEAL_RESULTS, Effects, loss_note
from kniga.processes.running.plain_steps import apply_plain_step
from kniga.processes.versions.definitions import RunnableVersion
from kniga.rules import Value

WAKE_BEFORE: Final = timedelta(seconds=60)
"""Workers look once in this time anyway: they are woken only for what is due sooner."""
_APPLY_STEP: Final = Prepared("SELECT processes_apply_step_2(%s::jsonb)")


def step_document(
    *,
    instance_id: int,
    revision: int,
    version: RunnableVersion,
    before: State,
    step: Step,
    effects: Effects,
    actor_id: int | None,
    now: datetime,
    is_top: bool = True,
    marks: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A step as `processes_apply_step_2` takes it; what there is nothing to say about is left out.

    `marks`: what the step consumes: `fired` (a timer's id), `caught` (a subscription's), `worked` ({id, status}),
    `version` (the version's id when the instance changes over)."""
    state = step.state
    document: dict[str, Any] = {
        "instance": instance_id, "revision": revision, "now": now, "actor": actor_id,
        "status": state.status, "seq": state.seq, "stage": state.stage, "result": state.result,
        "reason": state.reason, "events": event_entries(step.events, is_top=is_top),
    }  # fmt: skip
    if state.data is not before.data:
        document["data"] = {key: dump_value(value) for key, value in state.data.items()}
    tokens = own_tokens(state, version)
    if tokens is not None:
        document["tokens"] = tokens
    if effects.done is not None:
        answers = accepted_answers(step)
        document["done"] = {"token": effects.done.token, "outcome": effects.done.outcome, "answers": answers}
    _add_rows(document, effects, version, now)
    if version.watches and (effects.done is not None or effects.cancelled):
        document["controlled"] = True
    _add_deal(document, effects, state)
    if marks:
        document |= marks
    return document


def apply_step(document: Mapping[str, Any], before: State) -> list[int] | None:
    """Write a step, computed from `before`, in one round trip; atomic by itself. Returns the ids of the created
    tasks, or None, with nothing written, when the instance is no longer at the step's revision or does not run."""
    task_id = apply_plain_step(document, before)
    if task_id is not None:
        return [task_id]
    row = _APPLY_STEP.row(msgspec.json.encode(document))
    assert row is not None
    created: list[int] | None = row[0]
    return created


def apply_steps(documents: Sequence[Mapping[str, Any]]) -> list[list[int] | None]:
    """Write many steps, in their order, in one round trip; as `apply_step` for each."""
    if not documents:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT processes_apply_steps(%s::jsonb)::text", [msgspec.json.encode(documents).decode()])
        created: list[list[int] | None] = msgspec.json.decode(cursor.fetchone()[0])
    return created


def own_tokens(state: State, version: RunnableVersion) -> dict[str, Any] | None:
    """The tokens as they are stored with the instance; None while they are nothing but the open tasks."""
    elements = version.definition.elements
    if not state.fired and all(
        isinstance(elements.get(token.element), UserTask) and token == Token(token.id, token.element)
        for token in state.tokens
    ):
        return None
    dumped = dump_state(state)
    return {"format": dumped["format"], "tokens": dumped["tokens"], "fired": dumped["fired"]}


def dump_data(data: Mapping[str, Value]) -> str:
    """The answers of an instance as JSON text."""
    return msgspec.json.encode({key: dump_value(value) for key, value in data.items()}).decode()


def accepted_answers(step: Step) -> Mapping[str, object] | None:
    """The answers as the engine accepted them, ready for JSON; None when the step completed no task."""
    for event in step.events:
        if event.kind == "processes.task.completed":
            answers = event.payload()["answers"]
            assert isinstance(answers, dict)
            return answers
    return None


def event_entries(events: Sequence[Event], *, is_top: bool = True) -> list[tuple[str, int | None, Any]]:
    """The engine's events as kind, token and payload; an instance that ends won or lost also tells of its deal,
    unless another process called or started it."""
    entries: list[tuple[str, int | None, Any]] = [
        (event.kind, getattr(event, "token", None), event.payload()) for event in events
    ]
    for event in events:
        result = DEAL_RESULTS.get(getattr(event, "result", None) or "")
        if result is not None and is_top and event.kind == "processes.instance.ended":
            entries.append((f"deals.deal.{result}", None, {"reason": getattr(event, "reason", None)}))
    return entries


def work_entries(effects: Effects) -> list[tuple[object, ...]]:
    """The work a step asks for, as `processes_apply_step_2` takes it."""
    return [
        (work.token, work.element, work.action, {key: dump_value(value) for key, value in work.params.items()},
         work.item, begins, "queued")
        for work, begins in effects.work
    ]  # fmt: skip


def _add_rows(document: dict[str, Any], effects: Effects, version: RunnableVersion, now: datetime) -> None:
    if effects.cancelled:
        document["cancelled"] = effects.cancelled
    if effects.freed:
        document["untimed"] = effects.freed
        if version.hears:
            document["unheard"] = effects.freed
        if version.works:
            document["unworked"] = effects.freed
    if effects.tasks:
        document["tasks"] = [
            (task.token, task.element, task.name, task.kind, task.stage_id, task.assignee_id, task.due_at)
            for task in effects.tasks
        ]
    if effects.moved:
        document["moved"] = [(task.token, task.element, task.name, task.kind, task.stage_id) for task in effects.moved]
    if effects.timers:
        document["timers"] = effects.timers
    if effects.subscriptions:
        document["subscriptions"] = [
            (one.token, one.element, one.kind, one.name, one.correlation, one.key) for one in effects.subscriptions
        ]
    if effects.work:
        document["work"] = work_entries(effects)
    if effects.watches:
        document["watches"] = effects.watches
    soon = now + WAKE_BEFORE
    moments = [due for _token, _element, due in (*effects.timers, *effects.watches)]
    if effects.work or effects.subscriptions or any(due < soon for due in moments):
        document["wake"] = True


def _add_deal(document: dict[str, Any], effects: Effects, state: State) -> None:
    if effects.stages:
        document["stages"] = effects.stages
    if effects.amount is not None:
        document["amount"] = str(effects.amount)
    if effects.expected_date is not None:
        document["expected"] = effects.expected_date
    if effects.deal_status is not None:
        document["deal_status"] = effects.deal_status
        if effects.deal_status == "lost":
            document |= {"loss_reason": effects.reason, "loss_note": loss_note(state.data)}
    if document.keys() & {"amount", "expected", "deal_status"}:
        # A condition of another process may look at it: of this deal, or of the client who has now bought.
        document["wake"] = True
