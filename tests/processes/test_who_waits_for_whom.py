"""Steps that want something of one another never wait in a circle; what is busy is done by the workers soon after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from kniga.processes.background import sweeping
from kniga.processes.background.pump import run_due
from kniga.processes.correlation.signals import broadcast_signal, carry_signals
from kniga.processes.models import Instance, Message, ProcessVersion, Task, Timer
from kniga.processes.running import calling, stepping
from kniga.processes.running.applying import apply_step, apply_steps
from kniga.processes.running.locking import lock
from kniga.processes.running.replaying import replay_all
from kniga.processes.services import complete_task, start_process
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department, make_department
from tests.processes.test_calls import CALLED, SOON, call, caller
from tests.processes.test_messages import paid, receiving
from tests.processes.test_workers_at_once import LATER, many_deals, start_all

THROWING = book(
    "throwing",
    f'<startEvent id="start"/>{task("say")}<intermediateThrowEvent id="tell"><messageEventDefinition'
    f' messageRef="paid"/></intermediateThrowEvent>{task("rest")}<endEvent id="end"/>'
    "<flows>\nstart -> say\nsay -> tell\ntell -> rest\nrest -> end\n</flows>",
    around=paid('kniga:correlation="client"'),
)
LISTENING = book(
    "listening",
    f'<startEvent id="start"/><intermediateCatchEvent id="hear"><signalEventDefinition signalRef="fair"/>'
    f'</intermediateCatchEvent>{task("go")}<endEvent id="end"/>'
    "<flows>\nstart -> hear\nhear -> go\ngo -> end\n</flows>",
    around='<signal id="fair" name="fair"/>',
)


@pytest.fixture
def busy_department(transactional_db: None) -> Department:
    return make_department()


@contextmanager
def somebody_at(instance_id: int) -> Iterator[None]:
    """Another transaction works on the instance for the time of the block."""
    locked, is_over = threading.Event(), threading.Event()

    def work() -> None:
        try:
            with transaction.atomic():
                lock(instance_id)
                locked.set()
                is_over.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert locked.wait(10)
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def closing(act: Callable[..., object], now: datetime = LATER) -> None:
    """Do it in a thread of its own, whose connection goes with it."""
    try:
        act(now=now)
    finally:
        connection.close()


def open_elements() -> set[str]:
    return set(Task.objects.filter(status="open").values_list("element", flat=True))


def nothing_is_wrong() -> bool:
    return [one.problem for one in replay_all() if one.problem] == []


def test_a_called_process_does_not_wait_for_a_busy_caller(busy_department: Department) -> None:
    publish(CALLED)
    publish(caller())
    instance_id, _task = call(busy_department)
    with somebody_at(instance_id):
        approve = Task.objects.get(status="open")
        complete_task(task_id=approve.pk, outcome="yes", answers={}, by=busy_department.lead, now=SOON)
        assert open_elements() == set()
    run_due(now=SOON)
    assert open_elements() == {"go"}
    assert nothing_is_wrong()


def test_a_called_process_that_ends_while_its_caller_drops_it_is_left_alone(
    busy_department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = (
        '<boundaryEvent id="late" attachedToRef="call" kniga:calendar="absolute"><timerEventDefinition>'
        "<timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>"
    )
    publish(CALLED)
    publish(caller(more=late, flows="late -> stop\n"))
    call(busy_department)
    approve = Task.objects.get(status="open")
    # As for a busy caller: it will be told later.
    monkeypatch.setattr(calling, "tell_caller", lambda **_told: None)
    sweeper = threading.Thread(target=closing, args=(run_due,))
    with transaction.atomic():
        complete_task(task_id=approve.pk, outcome="yes", answers={}, by=busy_department.lead, now=SOON)
        sweeper.start()
        # The caller's timer fires and wants to stop the called process, which somebody holds.
        sweeper.join(1)
        assert sweeper.is_alive()
    sweeper.join()
    assert open_elements() == {"stop"}
    assert Timer.objects.get().status == "fired"
    assert Instance.objects.get(parent__isnull=False).status == "ended"
    assert nothing_is_wrong()


def test_a_thrown_message_does_not_wait_for_a_busy_receiver(busy_department: Department) -> None:
    publish(receiving('kniga:correlation="client"'))
    publish(THROWING)
    rep = busy_department.rep
    first, second = many_deals(busy_department, 2)
    asked = start_process(deal_id=first, process_key="receiving", by=rep, now=NOW)
    complete_task(task_id=asked.created[0], outcome="ok", answers={}, by=rep, now=NOW)
    said = start_process(deal_id=second, process_key="throwing", by=rep, now=NOW)
    with somebody_at(asked.instance_id):
        complete_task(task_id=said.created[0], outcome="ok", answers={}, by=rep, now=NOW)
        assert Message.objects.get().status == "waiting"
    run_due(now=NOW)
    assert Message.objects.get().status == "matched"
    assert open_elements() == {"thank", "rest"}
    assert nothing_is_wrong()


def test_a_signal_is_carried_as_far_as_nobody_is_at_work(busy_department: Department) -> None:
    start_all(publish(LISTENING).pk, many_deals(busy_department, 4))
    first, _second, third, _fourth = Instance.objects.order_by("pk").values_list("pk", flat=True)
    broadcast_signal(name="fair", now=NOW)
    thread = threading.Thread(target=closing, args=(carry_signals, NOW))
    with somebody_at(third):
        thread.start()
        # It waits for the third with nobody else in its hands.
        with transaction.atomic():
            lock(first)
    thread.join()
    assert Message.objects.get().delivered == Task.objects.filter(element="go").count() == 4
    assert nothing_is_wrong()


def ended_by_deadlock(times: int, act: Callable[..., Any]) -> Callable[..., Any]:
    """As `act`, but PostgreSQL ends the transaction so many times first."""
    left = [times]

    def acting(*arguments: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise OperationalError("deadlock detected") from DeadlockDetected()
        return act(*arguments)

    return acting


@pytest.mark.parametrize("times", [1, 3])
def test_a_timer_that_met_a_deadlock_fires_later(
    busy_department: Department, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    version = ProcessVersion.objects.get(process__key="small_sale")
    start_all(version.pk, many_deals(busy_department, 2), "offer")
    monkeypatch.setattr(sweeping, "apply_steps", ended_by_deadlock(times, apply_steps))
    for _round in range(2):
        run_due(now=LATER)
    assert set(Timer.objects.values_list("status", flat=True)) == {"fired"}
    assert Task.objects.filter(element="check").count() == 2
    assert nothing_is_wrong()


def test_a_completion_that_met_a_deadlock_is_done_again(
    busy_department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = start_process(deal_id=busy_department.deal.pk, process_key="small_sale", by=busy_department.rep, now=NOW)
    monkeypatch.setattr(stepping, "apply_step", ended_by_deadlock(1, apply_step))
    complete_task(task_id=started.created[0], outcome="later", answers={}, by=busy_department.rep, now=NOW)
    assert open_elements() == {"call"}
    assert Task.objects.filter(status="done").count() == 1
