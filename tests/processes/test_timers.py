"""Timers of every kind: they fire once, in order, whatever worker finds them, and wait while a process is paused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from kniga.deals.models import Deal
from kniga.platform.errors import Conflict, Refused
from kniga.platform.models import Event
from kniga.processes.background.pump import run_due
from kniga.processes.background.sweeping import nearest_due, sweep_timers
from kniga.processes.models import Instance, Task, Timer
from kniga.processes.running.replaying import replay_instance
from kniga.processes.services import (
    cancel_instance,
    complete_task,
    resume_instance,
    send_to_step,
    start_process,
    suspend_instance,
)
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department

WAIT = (
    '<intermediateCatchEvent id="wait" name="Wait"><timerEventDefinition>{}</timerEventDefinition>'
    "</intermediateCatchEvent>"
)
AFTER_TWO_DAYS = "<timeDuration>P2D</timeDuration>"
FLOWS = "<flows>\nstart -> wait\nwait -> after\nafter -> end\n</flows>"


def waiting_book(timer: str, attributes: str = "") -> bytes:
    event = WAIT.format(timer).replace('id="wait"', f'id="wait" {attributes}')
    return book("waiting", f'<startEvent id="start"/>{event}{task("after")}<endEvent id="end"/>{FLOWS}')


def start(department: Department, key: str = "waiting") -> int:
    return start_process(deal_id=department.deal.pk, process_key=key, by=department.head, now=NOW).instance_id


@pytest.mark.parametrize(
    ("timer", "attributes", "due"),
    [
        ("<timeDuration>P2D</timeDuration>", 'kniga:calendar="absolute"', NOW + timedelta(days=2)),
        ("<timeDuration>P2D</timeDuration>", "", datetime(2026, 3, 3, 14, 0, tzinfo=UTC)),
        ("<timeDate>2026-04-01T10:00:00+03:00</timeDate>", "", datetime(2026, 4, 1, 7, 0, tzinfo=UTC)),
        ("", 'kniga:field="deal.expected_date"', datetime(2026, 5, 4, 6, 0, tzinfo=UTC)),
    ],
)
def test_a_token_waits_until_its_moment(department: Department, timer: str, attributes: str, due: datetime) -> None:
    Deal.objects.update(expected_date=date(2026, 5, 4))
    publish(waiting_book(timer, attributes))
    instance_id = start(department)
    assert Timer.objects.get().due_at == due
    assert nearest_due() == due
    assert sweep_timers(now=due - timedelta(seconds=1)) == 0
    assert sweep_timers(now=due) == 1
    assert Task.objects.get().element == "after"
    assert Instance.objects.get().tokens is None, "a plain task needs no record of its own"
    assert replay_instance(instance_id=instance_id).problem == ""


REMIND = (
    '<boundaryEvent id="remind" attachedToRef="after" cancelActivity="false" kniga:calendar="absolute">'
    "<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition></boundaryEvent>"
)
REMINDED = (
    f'<startEvent id="start"/>{task("after")}{REMIND}{task("note", assignee="lead")}'
    '<endEvent id="end"/><endEvent id="noted"/>'
    "<flows>\nstart -> after\nafter -> end\nremind -> note\nnote -> noted\n</flows>"
)


def test_a_cycle_comes_as_often_as_it_says_counted_from_when_it_was_due(department: Department) -> None:
    publish(book("reminded", REMINDED))
    start(department, "reminded")
    found = sweep_timers(now=NOW + timedelta(days=1))
    assert found == 3
    dues = list(Timer.objects.order_by("id").values_list("due_at", flat=True))
    assert dues == [NOW + timedelta(hours=hours) for hours in (1, 2, 3)]
    assert Task.objects.filter(element="note").count() == 3


@pytest.mark.parametrize(
    ("calendar", "cycle", "first"),
    [
        ("absolute", "R/2025-09-01T09:00:00+03:00/P1W", datetime(2026, 3, 9, 6, 0, tzinfo=UTC)),
        ("absolute", "R/2026-02-23T10:00:00+03:00/P1W", NOW),
        ("absolute", "R2/2026-03-02T11:00:00+03:00/PT4H", NOW + timedelta(hours=1)),
        ("working", "R/2026-02-27T17:00:00+03:00/PT3H", datetime(2026, 3, 2, 8, 0, tzinfo=UTC)),
        ("working", "R/1900-01-01T09:00:00+03:00/PT1M", NOW),
    ],
)
def test_a_cycle_that_began_before_the_token_came_makes_up_for_nothing(
    department: Department, calendar: str, cycle: str, first: datetime
) -> None:
    reminded = REMINDED.replace("R3/PT1H", cycle).replace('"absolute"', f'"{calendar}"')
    publish(book("reminded", reminded))
    start(department, "reminded")
    assert Timer.objects.get().due_at == first
    assert sweep_timers(now=first) == 1
    assert Task.objects.filter(element="note").count() == 1


def test_a_pause_keeps_everything_and_what_was_missed_comes_in_order(department: Department) -> None:
    publish(book("reminded", REMINDED))
    instance_id = start(department, "reminded")
    open_task = Task.objects.get()
    with pytest.raises(Refused) as refused:
        suspend_instance(instance_id=instance_id, reason=" ", by=department.head, now=NOW)
    assert refused.value.code == "reason_missing"
    suspend_instance(instance_id=instance_id, reason="The client is ill", by=department.head, now=NOW)
    with pytest.raises(Conflict) as paused:
        complete_task(task_id=open_task.pk, outcome="ok", answers={}, by=department.head, now=NOW)
    assert paused.value.code == "suspended"
    assert run_due(now=NOW + timedelta(hours=2)) == 0
    assert nearest_due() is None
    resume_instance(instance_id=instance_id, by=department.head, now=NOW + timedelta(hours=2))
    assert sweep_timers(now=NOW + timedelta(hours=2, minutes=1)) == 2
    kinds = list(Event.objects.filter(instance_id=instance_id).order_by("id").values_list("kind", flat=True))
    assert kinds[2:4] == ["processes.instance.suspended", "processes.instance.resumed"]
    assert replay_instance(instance_id=instance_id).problem == ""


def test_a_deal_is_sent_to_another_step_with_a_reason(department: Department) -> None:
    publish(book("reminded", REMINDED))
    instance_id = start(department, "reminded")
    with pytest.raises(Refused) as refused:
        send_to_step(instance_id=instance_id, element="note", reason="why not", by=department.rep, now=NOW)
    assert refused.value.code == "not_allowed"
    with pytest.raises(Refused) as unknown:
        send_to_step(instance_id=instance_id, element="nowhere", reason="why not", by=department.head, now=NOW)
    assert unknown.value.code == "unknown_element"
    sent = send_to_step(instance_id=instance_id, element="note", reason="Ask first", by=department.head, now=NOW)
    assert Task.objects.get(status="open").pk == sent.created[0]
    assert Timer.objects.get().status == "cancelled"
    assert Event.objects.get(kind="processes.instance.sent").payload["reason"] == "Ask first"
    assert replay_instance(instance_id=instance_id).problem == ""


def test_a_paused_process_can_be_stopped(department: Department) -> None:
    publish(waiting_book(AFTER_TWO_DAYS))
    instance_id = start(department)
    suspend_instance(instance_id=instance_id, reason="Wait", by=department.head, now=NOW)
    assert cancel_instance(instance_id=instance_id, reason="Gone", by=department.head, now=NOW).status == "cancelled"
    assert Timer.objects.get().status == "cancelled"
    with pytest.raises(Conflict):
        resume_instance(instance_id=instance_id, by=department.head, now=NOW)
    assert replay_instance(instance_id=instance_id).problem == ""
