"""Turn an engine step into rows: deadlines become moments, roles become people, one function writes it all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection

from kniga.engine import (
    CloseTask,
    CreateTask,
    Due,
    EndInstance,
    EnterStage,
    Event,
    ScheduleTimer,
    SetField,
    State,
    Step,
    UserTask,
)
from kniga.engine.state_format.codec import dump_value
from kniga.platform.money import quantize
from kniga.platform.working_time import WorkCalendar, organisation_calendar
from kniga.processes.assignment import assignee_for
from kniga.processes.definitions import RunnableVersion
from kniga.processes.reading import DealFacts
from kniga.rules import Value

_CALL = """
SELECT processes_apply_step(
    %s::bigint, %s::integer, %s::timestamptz, %s::bigint,
    %s::text, %s::integer, %s::text, %s::jsonb, %s::text,
    %s::integer, %s::text, %s::jsonb,
    %s::integer, %s::text,
    %s::integer[],
    %s::integer[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[],
    %s::integer[], %s::text[], %s::timestamptz[],
    %s::bigint[], %s::text[],
    %s::text, %s::text, %s::text, %s::numeric, %s::date,
    %s::text[], %s::integer[], %s::jsonb[])
"""

DEAL_RESULTS = {"won": "won", "lost": "lost"}


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be put on a desk; `assignee_id` None stands for the deal's owner."""

    token: int
    element: str
    name: str
    kind: str
    stage_id: int | None
    assignee_id: int | None
    due_at: datetime | None


@dataclass(slots=True)
class Effects:
    """The effects of one step, ready to be written."""

    done: CloseTask | None = None
    cancelled: list[int] = field(default_factory=list)
    tasks: list[NewTask] = field(default_factory=list)
    timers: list[tuple[int, str, datetime]] = field(default_factory=list)
    stages: list[tuple[int, str]] = field(default_factory=list)
    deal_status: str | None = None
    reason: str | None = None
    amount: Decimal | None = None
    expected_date: date | None = None


def local_moment(deal: DealFacts, now: datetime) -> datetime:
    """`now` in the zone of the deal's branch: where the days of its process begin."""
    return now.astimezone(organisation_calendar().in_zone(deal.time_zone).zone)


def resolve(version: RunnableVersion, before: State, step: Step, deal: DealFacts, now: datetime) -> Effects:
    """Fill in what the engine leaves to the shell: names, people and moments. Reads at most one row."""
    effects = Effects()
    calendar = organisation_calendar().in_zone(deal.time_zone)
    stage = before.stage
    for effect in step.effects:
        if isinstance(effect, CreateTask):
            effects.tasks.append(_new_task(version, effect, step.state.data, deal, calendar, now))
        elif isinstance(effect, CloseTask):
            if effect.how == "completed":
                effects.done = effect
            else:
                effects.cancelled.append(effect.token)
        elif isinstance(effect, ScheduleTimer):
            effects.timers.append((effect.token, effect.timer, _timer_moment(effects, effect, calendar, now)))
        elif isinstance(effect, EnterStage):
            positions = version.positions
            back = stage is not None and positions[effect.stage] < positions.get(stage, -1)
            effects.stages.append((version.stage_ids[effect.stage], "back" if back else "passed"))
            stage = effect.stage
        elif isinstance(effect, SetField):
            _set_field(effects, effect)
        elif isinstance(effect, EndInstance):
            effects.deal_status = DEAL_RESULTS.get(effect.result)
            effects.reason = effect.reason
    return effects


def moment_of(due: Due, start: datetime, calendar: WorkCalendar) -> datetime:
    """When `due` is, counted from `start`, in UTC."""
    if due.working_time:
        return calendar.add(start, due.seconds)
    return start.astimezone(UTC) + timedelta(seconds=due.seconds)


def dump_data(data: Mapping[str, Value]) -> str:
    """The answers of an instance as JSON text."""
    return msgspec.json.encode({key: dump_value(value) for key, value in data.items()}).decode()


def apply_step(
    *,
    instance_id: int,
    revision: int,
    step: Step,
    effects: Effects,
    actor_id: int | None,
    now: datetime,
    answers: Mapping[str, object] | None = None,
    fired: tuple[int, str] | None = None,
) -> list[int] | None:
    """Write a step in one round trip; atomic by itself. Returns the ids of the created tasks, or None, with
    nothing written, when the instance is no longer at `revision`."""
    state, done = step.state, effects.done
    arguments: list[Any] = [
        instance_id, revision, now, actor_id,
        state.status, state.seq, state.stage, dump_data(state.data), state.result,
        done.token if done else None, done.outcome if done else None,
        None if answers is None else msgspec.json.encode(answers).decode(),
        fired[0] if fired else None, fired[1] if fired else None,
        effects.cancelled,
        [task.token for task in effects.tasks], [task.element for task in effects.tasks],
        [task.name for task in effects.tasks], [task.kind for task in effects.tasks],
        [task.stage_id for task in effects.tasks], [task.assignee_id for task in effects.tasks],
        [task.due_at for task in effects.tasks],
        [timer[0] for timer in effects.timers], [timer[1] for timer in effects.timers],
        [timer[2] for timer in effects.timers],
        [stage[0] for stage in effects.stages], [stage[1] for stage in effects.stages],
        effects.deal_status, effects.reason if effects.deal_status == "lost" else None,
        _loss_note(step) if effects.deal_status == "lost" else None,
        effects.amount, effects.expected_date,
        *event_columns(step.events),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CALL, arguments)
        created: list[int] | None = cursor.fetchone()[0]
    return created


def event_columns(events: tuple[Event, ...]) -> tuple[list[str], list[int | None], list[str]]:
    """The engine's events as the ledger's columns: kinds, task tokens, payloads as JSON text; an instance that
    ends won or lost also tells of its deal."""
    kinds = [event.kind for event in events]
    tokens: list[int | None] = [getattr(event, "token", None) for event in events]
    payloads = [msgspec.json.encode(event.payload()).decode() for event in events]
    for event in events:
        result = DEAL_RESULTS.get(getattr(event, "result", ""))
        if result is not None:
            kinds.append(f"deals.deal.{result}")
            tokens.append(None)
            payloads.append(msgspec.json.encode({"reason": getattr(event, "reason", None)}).decode())
    return kinds, tokens, payloads


def _new_task(
    version: RunnableVersion,
    effect: CreateTask,
    data: Mapping[str, Value],
    deal: DealFacts,
    calendar: WorkCalendar,
    now: datetime,
) -> NewTask:
    task = version.definition.user_task(effect.element)
    assert task is not None, "the engine creates tasks of user tasks only"
    return NewTask(
        effect.token,
        task.id,
        task.name,
        task.kind,
        None if effect.stage is None else version.stage_ids[effect.stage],
        assignee_for(task.assignee, deal),
        _deadline(task, data, calendar, now),
    )


def _deadline(task: UserTask, data: Mapping[str, Value], calendar: WorkCalendar, now: datetime) -> datetime | None:
    """The day the client named, while it lies ahead; else the book's own deadline."""
    promised = data.get(task.deadline_answer) if task.deadline_answer else None
    if isinstance(promised, date):  # a datetime is a date as well
        moment = promised if isinstance(promised, datetime) else calendar.end_of(promised)
        if moment > now:
            return moment.astimezone(UTC)
    return None if task.deadline is None else moment_of(task.deadline, now, calendar)


def _set_field(effects: Effects, effect: SetField) -> None:
    if effect.field == "deal.amount":
        assert isinstance(effect.value, Decimal)
        effects.amount = quantize(effect.value)
    else:
        assert isinstance(effect.value, date)
        effects.expected_date = effect.value


def _timer_moment(effects: Effects, effect: ScheduleTimer, calendar: WorkCalendar, now: datetime) -> datetime:
    start = now
    if effect.due.basis == "deadline":
        task = next(task for task in effects.tasks if task.token == effect.token)
        start = task.due_at or now
    return moment_of(effect.due, start, calendar)


def _loss_note(step: Step) -> str | None:
    note = step.state.data.get("loss_note")
    return note if isinstance(note, str) else None
