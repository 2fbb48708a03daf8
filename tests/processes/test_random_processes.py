"""Random processes of every kind of element: after each step the rows say what the pure engine says, undoing takes a
step back whole, and the ledger rebuilds the instance bit for bit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

import pytest

from kniga.clients.models import Contact
from kniga.deals.models import Deal
from kniga.engine import (
    NEW_STATE,
    CatchSignal,
    Command,
    CompleteTask,
    CompleteWork,
    CorrelateMessage,
    Definition,
    FireTimer,
    Reconsider,
    Start,
    State,
    Step,
    advance,
)
from kniga.platform.errors import Refused
from kniga.processes.models import Instance, Message, Process, ProcessVersion, Subscription, Task, Timer, Work
from kniga.processes.running import following
from kniga.processes.running.effects import FiredTimer
from kniga.processes.running.reading import InstanceSnapshot, fields_for, read_instances
from kniga.processes.running.replaying import replay_instance
from kniga.processes.running.stepping import Wanted, act_on_instance
from kniga.processes.services import complete_task, start_process, undo_completion
from kniga.processes.versions import definitions
from kniga.processes.versions.definitions import RunnableVersion, runnable_version
from tests.engine.random_processes import sound_process
from tests.engine.walking import choices, expected_waits
from tests.processes.conftest import NOW, Department

SEEDS = range(10)
STEPS = 14


@pytest.fixture(autouse=True)
def _nothing_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step brings about elsewhere has tests of its own."""
    monkeypatch.setattr(following, "follow", lambda *_args, **_more: None)


def publish(department: Department, seed: int) -> RunnableVersion:
    definition = replace(sound_process(seed), process_id="random")
    process = Process.objects.create(key="random", name="Random", pipeline=department.pipeline, created_at=NOW)
    version = ProcessVersion.objects.create(
        process=process, number=1, status="published", xml=b"", checksum="", created_at=NOW
    )
    ready = RunnableVersion(version.pk, definition, {}, {}, hears=True, works=True)
    definitions._ready[version.pk] = ready
    return ready


def stored(instance_id: int) -> tuple[State, InstanceSnapshot]:
    snapshot = read_instances(instance_ids=[instance_id])[instance_id]
    instance = Instance.objects.get(pk=instance_id)
    state = replace(snapshot.state, result=instance.result, reason=instance.reason)
    return state, snapshot


def waits(instance_id: int) -> set[tuple[int, str, str]]:
    timers = Timer.objects.filter(instance_id=instance_id, status="scheduled").values_list("token", "element")
    heard = Subscription.objects.filter(instance_id=instance_id, status="waiting")
    work = Work.objects.filter(instance_id=instance_id, status="queued").values_list("token", "element")
    return (
        {(token, element, "timer") for token, element in timers}
        | set(heard.values_list("token", "element", "kind"))
        | {(token, element, "work") for token, element in work}
    )


def rows(instance_id: int) -> dict[str, Any]:
    mine = {"instance_id": instance_id}
    return {
        "instance": list(Instance.objects.filter(pk=instance_id).values("status", "seq", "data", "tokens", "stage")),
        "tasks": list(Task.objects.filter(**mine).order_by("token").values("id", "token", "status", "outcome")),
        "timers": list(Timer.objects.filter(**mine).order_by("id").values("id", "status", "due_at")),
        "heard": list(Subscription.objects.filter(**mine).order_by("id").values("id", "status", "key")),
        "work": list(Work.objects.filter(**mine).order_by("id").values("id", "status", "params", "next_at")),
        "messages": Message.objects.filter(sender_id=instance_id).count(),
        "deal": Deal.objects.values("status", "stage_id", "amount").get(),
    }


def marked(instance_id: int, command: Command) -> Wanted:
    """The command with the row it consumes."""
    mine = {"instance_id": instance_id}
    match command:
        case FireTimer():
            timer = Timer.objects.get(**mine, token=command.token, element=command.timer, status="scheduled")
            return Wanted(command, fired=FiredTimer(timer.pk, timer.token, timer.element, timer.due_at))
        case CorrelateMessage() | CatchSignal():
            found = Subscription.objects.get(**mine, token=command.token, element=command.element, status="waiting")
            return Wanted(command, {"caught": found.pk})
        case CompleteWork():
            work = Work.objects.get(**mine, token=command.token, status="queued")
            return Wanted(command, {"worked": {"id": work.pk, "status": "done"}})
    return Wanted(command)


def same(wanted: Wanted, _snapshot: InstanceSnapshot, _version: RunnableVersion) -> Wanted:
    return wanted


def with_fields(command: Command, snapshot: InstanceSnapshot, definition: Definition) -> Command:
    fields = fields_for(snapshot.deal, definition.needs)
    return replace(command, fields=fields)  # type: ignore[arg-type]


def walk(department: Department, version: RunnableVersion, instance_id: int, chance: Random) -> None:
    definition, now = version.definition, NOW
    for _step in range(STEPS):
        state, snapshot = stored(instance_id)
        if state.status != "running":
            return
        now += timedelta(hours=1)
        possible = [one for one in choices(definition, state) if not isinstance(one, Reconsider)]
        command = with_fields(chance.choice(possible), snapshot, definition)
        expected = advance(definition, state, command, now=now)
        if not isinstance(expected, Step):
            continue
        before = rows(instance_id)
        task = None
        if isinstance(command, CompleteTask):
            task = Task.objects.get(instance_id=instance_id, token=command.token)
            complete_task(
                task_id=task.pk, outcome=command.outcome, answers=command.answers, by=department.lead, now=now
            )
        else:
            wanted = marked(instance_id, command)
            act_on_instance(instance_id=instance_id, by=None, now=now, command_for=partial(same, wanted))
        check(instance_id, definition, expected.state)
        if task is not None and chance.random() < 0.4:
            undo(department, task.pk, now, before, instance_id)


def undo(department: Department, task_id: int, now: datetime, before: dict[str, Any], instance_id: int) -> None:
    try:
        undo_completion(task_id=task_id, by=department.lead, now=now + timedelta(seconds=2))
    except Refused as refused:
        assert refused.code == "undo_moved_on"  # it ended a call
        assert Work.objects.filter(instance_id=instance_id, action="call", status="cancelled").exists()
    else:
        assert rows(instance_id) == before


def check(instance_id: int, definition: Definition, expected: State) -> None:
    state, _snapshot = stored(instance_id)
    assert state == expected
    assert waits(instance_id) == set(expected_waits(definition, expected))
    open_tasks = Task.objects.filter(instance_id=instance_id, status="open").values_list("token", flat=True)
    steps = [token.id for token in expected.tokens if token.loop is None and definition.user_task(token.element)]
    assert sorted(open_tasks) == steps
    replayed = replay_instance(instance_id=instance_id)
    assert replayed.problem == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_the_shell_keeps_what_the_engine_says(department: Department, seed: int) -> None:
    Deal.objects.update(amount=Decimal(500))
    assert department.deal.client is not None
    for name in ("ann", "bob"):
        Contact.objects.create(client=department.deal.client, name=name, name_key=name)
    version = publish(department, seed)
    started = start_process(deal_id=department.deal.pk, process_key="random", by=department.lead, now=NOW)
    snapshot = read_instances(instance_ids=[started.instance_id])[started.instance_id]
    begun = advance(
        version.definition, NEW_STATE, Start(fields=fields_for(snapshot.deal, version.definition.needs)), now=NOW
    )
    assert isinstance(begun, Step)
    check(started.instance_id, version.definition, begun.state)
    walk(department, version, started.instance_id, Random(seed))
    assert runnable_version(version.id) is version
