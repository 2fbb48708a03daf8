"""Conditional events come when the clock has gone on, a client was won, or a contact was added."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from kniga.clients.contact_services import ContactInput, add_contact, remove_contact, update_contact
from kniga.clients.models import Contact
from kniga.clients.services import assign_client, update_client
from kniga.deals.models import Deal
from kniga.deals.services import assign_deal, update_deal
from kniga.platform.errors import Conflict, Refused
from kniga.processes.background import reconsidering, sweeping
from kniga.processes.background.pump import run_due
from kniga.processes.models import Instance, Task, Timer
from kniga.processes.running import stepping
from kniga.processes.services import complete_task, start_process, undo_completion
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department

LATER = NOW + timedelta(minutes=1)
OVERDUE = '{"field": "deal.expected_date", "op": "lt", "value": {"from_now": 0, "unit": "day"}}'
CUSTOMER = '{"field": "client.is_customer", "op": "eq", "value": true}'


def waiting(department: Department, rule: str, then: str = "") -> int:
    event = (
        '<conditionalEventDefinition><condition xsi:type="tFormalExpression" language="urn:kniga:rules:1">'
        f"{rule}</condition></conditionalEventDefinition>"
    )
    thrown = '<intermediateThrowEvent id="tell"><signalEventDefinition signalRef="fair"/></intermediateThrowEvent>'
    flows = "w -> tell\ntell -> b" if then else "w -> b"
    publish(
        book(
            "waiting",
            f'<startEvent id="start"/>{task("a")}<intermediateCatchEvent id="w">{event}</intermediateCatchEvent>'
            f'{thrown if then else ""}{task("b")}<endEvent id="end"/>'
            f"<flows>\nstart -> a\na -> w\n{flows}\nb -> end\n</flows>",
            around='<signal id="fair" name="fair"/>' if then else "",
        )
    )
    started = start_process(deal_id=department.deal.pk, process_key="waiting", by=department.rep, now=NOW)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    run_due(now=LATER)
    assert not Task.objects.filter(element="b").exists()
    return started.instance_id


def wakes(change: Callable[[], object]) -> bool:
    """Whether the workers are told in the transaction of a change."""
    with CaptureQueriesContext(connection) as asked:
        change()
    return any("pg_notify('kniga_due'" in one["sql"] for one in asked)


def test_whoever_changes_deal_or_client_wakes_the_workers(department: Department) -> None:
    deal, rep = department.deal, department.rep
    client = deal.client
    assert client is not None
    given = ContactInput(name="Ann")
    assert wakes(lambda: update_deal(deal=deal, revision=deal.revision, by=rep, now=NOW, note="Hot"))
    assert wakes(lambda: assign_deal(deal=deal, owner=department.other, by=department.head, now=NOW))
    assert wakes(lambda: update_client(client=client, revision=client.revision, by=rep, now=NOW, name="New"))
    assert wakes(lambda: assign_client(client=client, owner=department.other, by=department.head, now=NOW))
    assert wakes(lambda: add_contact(client=client, contact=given, by=rep, now=NOW))
    contact = Contact.objects.get(name="Ann")
    assert not wakes(lambda: update_contact(contact=contact, given=given, by=rep, now=NOW)), "nothing has changed"
    assert wakes(lambda: remove_contact(contact=contact, by=rep, now=NOW))


def test_taking_a_completion_back_wakes_the_workers(department: Department) -> None:
    publish(
        book(
            "two",
            f'<startEvent id="start"/>{task("a")}{task("b")}<endEvent id="end"/>'
            "<flows>\nstart -> a\na -> b\nb -> end\n</flows>",
        )
    )
    started = start_process(deal_id=department.deal.pk, process_key="two", by=department.rep, now=NOW)
    (id,) = started.created
    complete_task(task_id=id, outcome="ok", answers={}, by=department.rep, now=NOW)
    assert wakes(lambda: undo_completion(task_id=id, by=department.rep, now=NOW))


def test_a_deal_that_is_won_wakes_those_who_look_at_its_client(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(department, CUSTOMER)
    publish(
        book(
            "short",
            f'<startEvent id="start"/>{task("a")}{task("c")}<endEvent id="end" kniga:result="won"/>'
            "<flows>\nstart -> a\na -> c\nc -> end\n</flows>",
        )
    )
    deal = Deal.objects.get()
    deal.pk, deal.number, deal.stage = None, 2, None
    deal.save()
    started = start_process(deal_id=deal.pk, process_key="short", by=department.rep, now=NOW)
    told: list[bool] = []
    write = stepping.apply_step
    monkeypatch.setattr(
        stepping, "apply_step", lambda document, before: told.append("wake" in document) or write(document, before)
    )
    (id,) = started.created
    for _step in range(2):
        done = complete_task(task_id=id, outcome="ok", answers={}, by=department.rep, now=NOW)
        id = done.created[0] if done.created else 0
    assert told == [False, True], "an ordinary step wakes nobody"
    assert has_come(LATER)


def has_come(now: datetime) -> bool:
    run_due(now=now)
    return Task.objects.filter(element="b").exists()


def test_a_day_that_passes_is_seen_when_the_next_one_begins_there(department: Department) -> None:
    Deal.objects.update(expected_date=date(2026, 3, 2))
    waiting(department, OVERDUE)
    moscow_midnight = NOW.replace(hour=21)
    assert not has_come(moscow_midnight - timedelta(seconds=1))
    assert has_come(moscow_midnight)
    assert run_due(now=moscow_midnight) == 0


def test_a_client_that_becomes_a_customer_is_seen(department: Department) -> None:
    waiting(department, CUSTOMER)
    won = Deal.objects.get()
    won.pk, won.number, won.status, won.closed_at = None, 2, "won", NOW
    won.save()
    assert has_come(LATER)


def test_a_contact_that_is_added_is_seen(department: Department) -> None:
    instance_id = waiting(department, CUSTOMER)
    before = Instance.objects.get(pk=instance_id).watched
    assert run_due(now=LATER) == 0
    version = Instance.objects.get(pk=instance_id).version_id
    assert not reconsidering._watch_of(version).contacts
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reconsidering, "_watch_of", lambda _id: reconsidering._Watch(False, True, False, True))
        Contact.objects.create(client=department.deal.client, name="Ann", name_key="ann")
        assert run_due(now=LATER) == 1
    assert Instance.objects.get(pk=instance_id).watched != before


def test_what_brings_about_more_than_its_own_step_is_done_alone(department: Department) -> None:
    Deal.objects.update(expected_date=date(2026, 3, 2))
    waiting(department, OVERDUE, then="signal")
    assert has_come(NOW + timedelta(days=1))


@pytest.mark.parametrize("error", [Conflict("busy", "busy"), OperationalError("deadlock")])
def test_conditions_at_which_somebody_works_are_looked_at_soon(
    department: Department, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    Deal.objects.update(expected_date=date(2026, 3, 2))
    waiting(department, OVERDUE)
    look = reconsidering._look

    def fail(*_arguments: object, **_more: object) -> tuple[int, list[int]]:
        raise error

    monkeypatch.setattr(reconsidering, "_look", fail)
    assert not has_come(NOW + timedelta(days=1))
    monkeypatch.setattr(reconsidering, "_look", look)
    assert has_come(NOW + timedelta(days=1))


def test_conditions_that_cannot_be_looked_at_hold_up_nobody_and_are_not_tried_each_round(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    Deal.objects.update(expected_date=date(2026, 3, 2))
    instance_id = waiting(department, OVERDUE)
    tried = []

    def refuse(changed: dict[int, int], *_arguments: object, **_more: object) -> tuple[int, list[int]]:
        if not changed:
            return 0, []
        tried.append(1)
        raise Refused("bad_field", "It cannot be read.")

    monkeypatch.setattr(reconsidering, "_look", refuse)
    tomorrow = NOW + timedelta(days=1)
    for _round in range(3):
        assert not has_come(tomorrow)
    assert len(tried) == 2, "once with the others, once alone"
    assert Instance.objects.get(pk=instance_id).look_at == tomorrow + reconsidering.OFTEN


def test_a_timer_at_which_somebody_works_stays_due(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(
        book(
            "timed",
            f'<startEvent id="start"/>{task("a")}<boundaryEvent id="late" attachedToRef="a">'
            "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>"
            f'{task("b")}<endEvent id="end"/><endEvent id="over"/>'
            "<flows>\nstart -> a\na -> end\nlate -> b\nb -> over\n</flows>",
        )
    )
    start_process(deal_id=department.deal.pk, process_key="timed", by=department.rep, now=NOW)
    write = sweeping.write_plans

    def busy(*_arguments: object) -> None:
        raise Conflict("busy", "Somebody else works on it.")

    monkeypatch.setattr(sweeping, "write_plans", busy)
    run_due(now=NOW + timedelta(days=5))
    assert Timer.objects.get().status == "scheduled"
    monkeypatch.setattr(sweeping, "write_plans", write)
    assert has_come(NOW + timedelta(days=5))
