"""What an engine step asks of the shell, with names, people and moments filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Final

import msgspec

from kniga.clients.models import Contact
from kniga.engine import (
    AwaitMessage,
    AwaitSignal,
    CallActivity,
    CancelWaits,
    CloseTask,
    ControlPoint,
    CreateTask,
    Cycle,
    Due,
    Effect,
    Element,
    EndInstance,
    EnterStage,
    MoveTask,
    MultiInstance,
    ScheduleTimer,
    SetField,
    StartWork,
    State,
    Step,
    ThrowMessage,
    ThrowSignal,
    UserTask,
)
from kniga.platform.money import quantize
from kniga.platform.working_time import WorkCalendar, organisation_calendar
from kniga.processes.models import Task
from kniga.processes.running.assignment import assignee_for
from kniga.processes.running.reading import DealFacts
from kniga.processes.versions.definitions import RunnableVersion
from kniga.rules import Value

CONTACTS: Final = "client.contacts"
DEAL_RESULTS: Final = {"won": "won", "lost": "lost"}
CALL: Final = "call"
OUTSIDE_ACTIONS: Final = frozenset({"send_letter", "call_webhook"})
"""What no transaction of ours can take back."""
LASTING_ACTIONS: Final = OUTSIDE_ACTIONS | {"create_document"}
"""What stays once it is done: it waits until its step can no longer be undone."""
UNDO_WINDOW: Final = timedelta(seconds=10)
UNDO_GRACE: Final = timedelta(seconds=5)
LONGEST_NAME: Final = 300
LONGEST_COUNTED: Final = timedelta(days=3653)
"""Working time is counted no further back than this."""


class NewTask(msgspec.Struct, frozen=True):
    """A task to be put on a desk; `assignee_id` None stands for the deal's owner."""

    token: int
    element: str
    name: str
    kind: str
    stage_id: int | None
    assignee_id: int | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class FiredTimer:
    """The timer a step began with; its next turn is counted from when this one was due."""

    id: int
    token: int
    element: str
    due_at: datetime
    in_a_row: int = 0


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """Something a token waits for from now on."""

    token: int
    element: str
    kind: str
    name: str
    correlation: str
    key: str | None


class Effects(msgspec.Struct):
    """The effects of one step, ready to be written. `freed` are the tokens (and elements; None: all of the token)
    whose waits are forgotten; `calls`, `messages`, `signals` and `dropped_calls` are what follows in the same
    transaction. `watches` are the control points of the new tasks: token, key, when to look."""

    done: CloseTask | None = None
    cancelled: list[int] = []
    tasks: list[NewTask] = []
    moved: list[NewTask] = []
    timers: list[tuple[int, str, datetime]] = []
    watches: list[tuple[int, str, datetime]] = []
    subscriptions: list[NewSubscription] = []
    work: list[tuple[StartWork, datetime]] = []
    freed: list[tuple[int, str | None]] = []
    stages: list[tuple[int, str]] = []
    calls: list[StartWork] = []
    dropped_calls: list[int] = []
    messages: list[ThrowMessage] = []
    signals: list[ThrowSignal] = []
    deal_status: str | None = None
    reason: str | None = None
    amount: Decimal | None = None
    expected_date: date | None = None

    @property
    def has_followers(self) -> bool:
        """Whether more than the step itself is to be done in its transaction."""
        return bool(self.subscriptions or self.calls or self.dropped_calls or self.messages or self.signals)


def resolve(
    version: RunnableVersion, before: State, step: Step, deal: DealFacts, now: datetime, *,
    instance_id: int, is_top: bool = True, by_person: bool = False, fired: FiredTimer | None = None,
) -> Effects:  # fmt: skip
    """Fill in what the engine leaves to the shell: names, people and moments.

    `is_top` False: a called or started process, which neither closes the deal nor moves it between stages;
    `by_person`: the step can be undone, so work outside waits. Reads one row per task that goes to a role or asks
    for a skill."""
    return _Filling(version, before, step, deal, now, instance_id, is_top, by_person, fired).effects


def loops_over_contacts(element: Element | None) -> bool:
    """Whether an element is done for each contact of the client: then its items are their ids."""
    loop = getattr(element, "loop", None)
    return isinstance(loop, MultiInstance) and loop.field == CONTACTS


def local_moment(deal: DealFacts, now: datetime) -> datetime:
    """`now` in the zone of the deal's branch: where the days of its process begin."""
    return now.astimezone(organisation_calendar().in_zone(deal.time_zone).zone)


def moment_of(due: Due, start: datetime, calendar: WorkCalendar) -> datetime:
    """When `due` is, counted from `start`, in UTC."""
    if due.working_time:
        return calendar.add(start, due.seconds)
    return start.astimezone(UTC) + timedelta(seconds=due.seconds)


def turn_from(every: Due, start: datetime, now: datetime, calendar: WorkCalendar) -> datetime:
    """The first turn of what comes each time `every` from `start` on that is not before `now`, in UTC."""
    if start >= now:
        return start.astimezone(UTC)
    if not every.working_time:
        turn = timedelta(seconds=every.seconds)
        return start.astimezone(UTC) - (start - now) // turn * turn
    worked = calendar.between(max(start, now - LONGEST_COUNTED), now)
    return calendar.add(now, -worked % every.seconds)


def look_at(point: ControlPoint, opened_at: datetime, due_at: datetime | None, calendar: WorkCalendar) -> datetime:
    """When a control point of a step that was opened and is due then is looked at, in UTC. One that counts from a
    deadline the step does not have counts from its opening."""
    start = due_at if point.due.basis == "deadline" and due_at is not None else opened_at
    return moment_of(point.due, start, calendar)


def key_text(value: Value) -> str | None:
    """A correlation key as text, the same for equal values."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return None if value is None else str(value)


def thread_of(instance_id: int) -> str:
    """The thread of letters that belongs to an instance; letters sent for it carry this in their references."""
    return f"kniga-{instance_id}"


class _Filling:
    def __init__(
        self, version: RunnableVersion, before: State, step: Step, deal: DealFacts, now: datetime, instance_id: int,
        is_top: bool, by_person: bool, fired: FiredTimer | None,
    ) -> None:  # fmt: skip
        self.version, self.before, self.step, self.deal, self.now = version, before, step, deal, now
        self.instance_id, self.is_top, self.by_person, self.fired = instance_id, is_top, by_person, fired
        self.calendar = organisation_calendar().in_zone(deal.time_zone)
        self.stage = before.stage
        self.effects = Effects()
        for effect in step.effects:
            self._take(effect)
        if version.watches:
            self.effects.watches = [watch for task in self.effects.tasks for watch in self._watches(task)]

    def _watches(self, new: NewTask) -> list[tuple[int, str, datetime]]:
        task = self.version.definition.user_task(new.element)
        assert task is not None, "the engine creates tasks of user tasks only"
        return [(new.token, point.key, look_at(point, self.now, new.due_at, self.calendar)) for point in task.controls]

    def _take(self, effect: Effect) -> None:
        effects = self.effects
        match effect:
            case CreateTask():
                effects.tasks.append(self._task(effect.token, effect.element, effect.stage, effect.item))
            case CloseTask():
                self._close(effect)
            case ScheduleTimer():
                effects.timers.append((effect.token, effect.timer, self._moment(effect)))
            case CancelWaits():
                self._free(effect)
            case EnterStage():
                self._enter(effect.stage)
            case SetField():
                self._set(effect)
            case EndInstance():
                if self.is_top:
                    effects.deal_status = DEAL_RESULTS.get(effect.result)
                    effects.reason = effect.reason
            case _:
                self._take_rare(effect)

    def _take_rare(self, effect: Effect) -> None:
        effects = self.effects
        match effect:
            case AwaitMessage():
                key = thread_of(self.instance_id) if effect.correlation == "thread" else key_text(effect.key)
                effects.subscriptions.append(
                    NewSubscription(effect.token, effect.element, "message", effect.name, effect.correlation, key)
                )
            case AwaitSignal():
                effects.subscriptions.append(
                    NewSubscription(effect.token, effect.element, "signal", effect.name, "", None)
                )
            case StartWork():
                effects.work.append((effect, self._begin_at(effect)))
                if effect.action == CALL:
                    effects.calls.append(effect)
            case MoveTask():
                item = self._item_of(effect.token)
                effects.moved.append(self._task(effect.token, effect.element, effect.stage, item, is_moved=True))
            case ThrowMessage():
                effects.messages.append(effect)
            case ThrowSignal():
                effects.signals.append(effect)
            case _:
                raise AssertionError(f"{effect!r} is no effect the shell knows")

    def _task(
        self, token: int, element: str, stage: str | None, item: str | None, *, is_moved: bool = False
    ) -> NewTask:
        task = self.version.definition.user_task(element)
        assert task is not None, "the engine creates tasks of user tasks only"
        return NewTask(
            token,
            task.id,
            task.name if item is None else f"{task.name}: {self._shown(task, item)}"[:LONGEST_NAME],
            task.kind,
            None if stage is None or not self.is_top else self.version.stage_ids[stage],
            None if is_moved else assignee_for(task.assignee, self.deal, task.skill),
            None if is_moved else self._deadline(task),
        )

    def _shown(self, task: UserTask, item: str) -> str:
        """An item of a loop as people see it: contacts by their names."""
        return self._contacts.get(item, item) if loops_over_contacts(task) else item

    @cached_property
    def _contacts(self) -> dict[str, str]:
        client_id = self.deal.client_id
        found = [] if client_id is None else Contact.objects.filter(client_id=client_id).values_list("pk", "name")
        return {str(id): name for id, name in found}

    def _item_of(self, token: int) -> str | None:
        """What a body of a loop is done for; None for any other token."""
        body = self.step.state.token(token)
        holder = None if body is None or body.item is None else self.step.state.token(body.parent)
        if body is None or body.item is None or holder is None or holder.loop is None:
            return None
        return holder.loop.items[body.item]

    def _deadline(self, task: UserTask) -> datetime | None:
        """The day the client named, while it lies ahead; else the book's own deadline."""
        promised = self.step.state.data.get(task.deadline_answer) if task.deadline_answer else None
        if isinstance(promised, date):  # a datetime is a date as well
            moment = promised if isinstance(promised, datetime) else self.calendar.end_of(promised)
            if moment > self.now:
                return moment.astimezone(UTC)
        return None if task.deadline is None else self._counted(task.deadline, self.now)

    def _close(self, effect: CloseTask) -> None:
        effects = self.effects
        if effect.how == "completed":
            effects.done = effect
        elif any(task.token == effect.token for task in effects.tasks):  # came and went in this very step
            effects.tasks = [task for task in effects.tasks if task.token != effect.token]
        else:
            effects.cancelled.append(effect.token)

    def _free(self, effect: CancelWaits) -> None:
        """Forget what stands in rows, and what this very step has set up."""
        effects, token, only = self.effects, effect.token, effect.only
        effects.freed.append((token, only))

        def stays(other: int, element: str) -> bool:
            return other != token or (only is not None and element != only)

        effects.timers = [timer for timer in effects.timers if stays(timer[0], timer[1])]
        effects.subscriptions = [one for one in effects.subscriptions if stays(one.token, one.element)]
        effects.work = [work for work in effects.work if stays(work[0].token, work[0].element)]
        effects.calls = [call for call in effects.calls if stays(call.token, call.element)]
        held = self.before.token(token)
        # The events at a call's edge may change; what it has called goes with the call only.
        if held is None or only not in (None, held.element):
            return
        if isinstance(self.version.definition.elements.get(held.element), CallActivity):
            effects.dropped_calls.append(token)

    def _enter(self, stage: str) -> None:
        if not self.is_top:
            return
        positions = self.version.positions
        back = self.stage is not None and positions[stage] < positions.get(self.stage, -1)
        self.effects.stages.append((self.version.stage_ids[stage], "back" if back else "passed"))
        self.stage = stage

    def _set(self, effect: SetField) -> None:
        value = effect.value
        if effect.field == "deal.amount":
            if isinstance(value, Decimal):
                self.effects.amount = quantize(value)
        elif isinstance(value, date):
            self.effects.expected_date = value.date() if isinstance(value, datetime) else value

    def _begin_at(self, effect: StartWork) -> datetime:
        waits = self.by_person and effect.action in LASTING_ACTIONS
        return self.now + UNDO_WINDOW + UNDO_GRACE if waits else self.now

    def _moment(self, effect: ScheduleTimer) -> datetime:
        due, start = effect.due, self.now
        if due.basis == "moment" and due.at is not None:
            start = self._begun_at(effect.timer, due.at)
        elif due.basis == "deadline":
            start = self._deadline_of(effect.token) or start
        elif due.basis == "field":
            start = self._start_of(effect.since)
        elif self.fired is not None and (self.fired.token, self.fired.element) == (effect.token, effect.timer):
            start = self.fired.due_at
        return self._counted(due, start)

    def _begun_at(self, timer: str, at: datetime) -> datetime:
        """Of a cycle that began before the token came only what is left is to come, not what it has missed."""
        cycle: Cycle | None = getattr(self.version.definition.elements[timer], "cycle", None)
        return at if cycle is None else turn_from(cycle.every, at, self.now, self.calendar)

    def _counted(self, due: Due, start: datetime) -> datetime:
        return moment_of(due, start, self.calendar)

    def _start_of(self, value: Value) -> datetime:
        if isinstance(value, datetime):
            return value
        return self.calendar.start_of(value) if isinstance(value, date) else self.now

    def _deadline_of(self, token: int) -> datetime | None:
        for task in self.effects.tasks:
            if task.token == token:
                return task.due_at
        found = Task.objects.filter(instance_id=self.instance_id, token=token).values_list("due_at", flat=True)
        return found.first()


def loss_note(data: Mapping[str, Value]) -> str | None:
    """What was answered to the question about the loss, if the book asks it."""
    note = data.get("loss_note")
    return note if isinstance(note, str) else None
