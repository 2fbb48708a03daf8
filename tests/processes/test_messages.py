"""Messages and signals find who waits, begin processes, or are kept until somebody begins to wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError

from kniga.clients.models import Client
from kniga.deals.models import Deal, Pipeline
from kniga.people.models import Branch, User
from kniga.platform.errors import Refused
from kniga.platform.models import Event
from kniga.processes.background.pump import run_due
from kniga.processes.correlation import messaging, signals
from kniga.processes.correlation.messaging import receive_message
from kniga.processes.correlation.signals import broadcast_signal
from kniga.processes.models import Instance, KeptSignal, Message, Subscription, Task
from kniga.processes.running.replaying import replay_instance
from kniga.processes.services import (
    cancel_instance,
    complete_task,
    resume_instance,
    start_process,
    suspend_instance,
    undo_completion,
)
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department

LATER = NOW + timedelta(minutes=1)
FIELDS = (
    '<kniga:fields><kniga:field key="sum" type="number" label="Sum"/>'
    '<kniga:field key="order" type="text" label="Order"/></kniga:fields>'
)


def paid(correlation: str = 'kniga:correlation="deal"') -> str:
    return f'<message id="paid" name="paid" {correlation}/>'


def receiving(correlation: str = 'kniga:correlation="deal"') -> bytes:
    return book(
        "receiving",
        f'<startEvent id="start"/>{task("ask")}<receiveTask id="wait" name="Wait for the money" messageRef="paid"/>'
        f'{task("thank")}<endEvent id="end"/>'
        "<flows>\nstart -> ask\nask -> wait\nwait -> thank\nthank -> end\n</flows>",
        around=paid(correlation),
        extra=FIELDS,
    )


def ask(department: Department) -> tuple[int, int]:
    started = start_process(deal_id=department.deal.pk, process_key="receiving", by=department.rep, now=NOW)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    return started.instance_id, started.created[0]


def test_a_message_goes_to_the_deal_that_waits_and_its_payload_becomes_answers(department: Department) -> None:
    publish(receiving())
    instance_id, _task = ask(department)
    assert Subscription.objects.get().status == "waiting"
    got = receive_message(
        name="paid", deal_id=department.deal.pk, payload={"sum": "12.50", "who": "Ann"}, source="api", now=LATER
    )
    assert (got.status, got.instance_id, got.deal_id) == ("matched", instance_id, department.deal.pk)
    instance = Instance.objects.get()
    assert instance.data == {"sum": {"decimal": "12.50"}}
    assert Task.objects.get(status="open").element == "thank"
    assert Subscription.objects.get().status == "caught"
    assert replay_instance(instance_id=instance_id).problem == ""


def test_a_message_that_comes_early_is_kept_until_somebody_waits(department: Department) -> None:
    publish(receiving())
    got = receive_message(name="paid", deal_id=department.deal.pk, source="api", now=NOW, ttl=timedelta(hours=1))
    assert got.status == "waiting"
    ask(department)
    assert Task.objects.get(status="open").element == "thank"
    assert Message.objects.get().status == "matched"


def test_a_kept_message_expires(department: Department) -> None:
    publish(receiving())
    receive_message(name="paid", deal_id=department.deal.pk, source="api", now=NOW, ttl=timedelta(seconds=10))
    run_due(now=LATER)
    assert Message.objects.get().status == "expired"
    ask(department)
    assert Instance.objects.get().status == "running" and not Task.objects.filter(status="open").exists()


def test_a_message_for_another_deal_or_with_another_key_is_not_taken(department: Department) -> None:
    publish(receiving('kniga:correlation="key" kniga:key="answer.order"'))
    ask(department)
    Subscription.objects.update(key="A-7")
    assert receive_message(name="paid", key="A-8", source="api", now=LATER).status == "waiting"
    assert receive_message(name="other", key="A-7", source="api", now=LATER).status == "waiting"
    assert receive_message(name="paid", key="A-7", source="api", now=LATER).status == "matched"


def test_the_longest_waiting_one_gets_the_clients_message(department: Department) -> None:
    publish(receiving('kniga:correlation="client"'))
    first, _task = ask(department)
    second = Deal.objects.get(pk=department.deal.pk)
    second.pk, second.number, second.stage = None, 2, None
    second.save()
    started = start_process(deal_id=second.pk, process_key="receiving", by=department.rep, now=LATER)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=LATER)
    client_id = department.deal.client_id
    got = [receive_message(name="paid", client_id=client_id, source="api", now=LATER).instance_id for _time in range(3)]
    assert got == [first, started.instance_id, None]


def test_a_payload_that_cannot_be_read_fails_visibly_and_moves_nothing(department: Department) -> None:
    publish(receiving())
    ask(department)
    got = receive_message(name="paid", deal_id=department.deal.pk, payload={"sum": "much"}, source="api", now=LATER)
    assert got.status == "failed"
    assert "sum" in Message.objects.get().error
    assert Subscription.objects.get().status == "waiting"


def breaking(monkeypatch: pytest.MonkeyPatch, place: Any, instance_id: int) -> None:
    """Every step of this instance breaks in the database."""
    whole = place.act_on_instance

    def act(**given: Any) -> Any:
        if given["instance_id"] == instance_id:
            raise DataError("a value no column takes \0")
        return whole(**given)

    monkeypatch.setattr(place, "act_on_instance", act)


def two_that_wait(department: Department, key: str) -> tuple[int, int]:
    deal = Deal.objects.get(pk=department.deal.pk)
    deal.pk, deal.number, deal.stage = None, 2, None
    deal.save()
    ids = [
        start_process(deal_id=id, process_key=key, by=department.rep, now=NOW).instance_id
        for id in (department.deal.pk, deal.pk)
    ]
    return ids[0], ids[1]


def test_a_message_that_breaks_its_step_holds_up_no_other(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(receiving())
    broken, whole = two_that_wait(department, "receiving")
    for one in Task.objects.filter(element="ask"):
        complete_task(task_id=one.pk, outcome="ok", answers={}, by=department.rep, now=NOW)
    Instance.objects.update(status="suspended")
    for instance in Instance.objects.all():
        assert receive_message(name="paid", deal_id=instance.deal_id, source="api", now=NOW).status == "waiting"
    Instance.objects.update(status="running")
    breaking(monkeypatch, messaging, broken)
    run_due(now=LATER)
    assert dict(Message.objects.values_list("instance_id", "status")) == {None: "failed", whole: "matched"}
    assert "DataError" in Message.objects.get(status="failed").error


def test_a_signal_that_breaks_one_process_reaches_the_others(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(HEARING)
    broken, whole = two_that_wait(department, "hearing")
    breaking(monkeypatch, signals, broken)
    broadcast_signal(name="fair", now=LATER)
    run_due(now=LATER)
    assert list(Task.objects.filter(element="go").values_list("instance_id", flat=True)) == [whole]
    signal = Message.objects.get()
    assert (signal.status, signal.delivered) == ("matched", 1)
    assert Event.objects.get(kind="processes.signal.failed").instance_id == broken


def test_a_paused_process_takes_its_message_when_it_goes_on(department: Department) -> None:
    publish(receiving())
    instance_id, _task = ask(department)
    suspend_instance(instance_id=instance_id, reason="Wait", by=department.head, now=LATER)
    assert receive_message(name="paid", deal_id=department.deal.pk, source="api", now=LATER).status == "waiting"
    assert run_due(now=LATER) == 0
    resume_instance(instance_id=instance_id, by=department.head, now=LATER)
    run_due(now=LATER)
    assert Task.objects.get(status="open").element == "thank"


def test_undoing_the_step_that_began_to_wait_forgets_the_wait(department: Department) -> None:
    publish(receiving())
    _instance, task_id = ask(department)
    undo_completion(task_id=task_id, by=department.rep, now=NOW + timedelta(seconds=3))
    assert not Subscription.objects.exists()
    assert Instance.objects.get().tokens is None
    complete_task(task_id=task_id, outcome="ok", answers={}, by=department.rep, now=LATER)
    receive_message(name="paid", deal_id=department.deal.pk, source="api", now=LATER)
    with pytest.raises(Refused) as moved_on:
        undo_completion(task_id=task_id, by=department.rep, now=LATER)
    assert moved_on.value.code == "undo_moved_on"


ASKED = '<startEvent id="start"><messageEventDefinition messageRef="m_asked"/></startEvent>'


def asked_book(channel: str = "form") -> bytes:
    start = ASKED.replace('id="start"', f'id="start" kniga:channel="{channel}"')
    return book(
        "asked",
        f'{start}{task("answer")}<endEvent id="end"/><flows>\nstart -> answer\nanswer -> end\n</flows>',
        around='<message id="m_asked" name="asked" kniga:correlation="client"/>',
        extra=FIELDS,
    )


def test_a_message_begins_a_process_for_its_deal_or_a_new_deal_of_its_client(department: Department) -> None:
    publish(asked_book())
    Deal.objects.update(number=900)
    assert receive_message(name="asked", deal_id=department.deal.pk, source="email", now=NOW).status == "waiting"
    got = receive_message(name="asked", deal_id=department.deal.pk, source="form", payload={"sum": 3}, now=NOW)
    assert (got.status, got.deal_id) == ("matched", department.deal.pk)
    other = receive_message(name="asked", client_id=department.deal.client_id, source="form", now=NOW)
    assert other.deal_id not in (None, department.deal.pk)
    assert Task.objects.filter(element="answer").count() == 2
    assert Task.objects.filter(assignee=department.rep).count() == 2
    Client.objects.update(owner=None)
    assert (
        receive_message(name="asked", client_id=department.deal.client_id, source="form", now=NOW).status == "waiting"
    )


def test_a_kept_message_begins_its_process_once_its_deal_is_free(department: Department) -> None:
    publish(asked_book())
    started = start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=NOW)
    for source in ("form", "email"):
        got = receive_message(name="asked", deal_id=department.deal.pk, source=source, now=NOW)
        assert got.status == "waiting"
    run_due(now=LATER)
    assert not Task.objects.filter(element="answer").exists()
    cancel_instance(instance_id=started.instance_id, reason="Over", by=department.head, now=LATER)
    Deal.objects.update(pipeline=Pipeline.objects.get(key="asked"), stage=None)
    run_due(now=LATER)
    assert Task.objects.get(status="open").element == "answer"
    assert sorted(Message.objects.values_list("source", "status")) == [("email", "waiting"), ("form", "matched")]


def test_a_kept_message_begins_a_process_that_is_published_later(department: Department) -> None:
    Deal.objects.update(number=900)
    receive_message(name="asked", client_id=department.deal.client_id, source="form", now=NOW)
    run_due(now=NOW)
    publish(asked_book())
    run_due(now=LATER)
    assert Message.objects.get().status == "matched" and Deal.objects.count() == 2


def test_a_message_thrown_by_one_process_is_caught_by_another(department: Department) -> None:
    publish(receiving('kniga:correlation="client"'))
    waiting, _task = ask(department)
    other = Deal.objects.get(pk=department.deal.pk)
    other.pk, other.number, other.stage = None, 2, None
    other.save()
    publish(
        book(
            "throwing",
            f'<startEvent id="start"/>{task("say")}<intermediateThrowEvent id="tell"><messageEventDefinition'
            f' messageRef="paid"/></intermediateThrowEvent>{task("rest")}<endEvent id="end"/>'
            "<flows>\nstart -> say\nsay -> tell\ntell -> rest\nrest -> end\n</flows>",
            around=paid('kniga:correlation="client"'),
        )
    )
    Deal.objects.filter(pk=other.pk).update(stage=None)
    started = start_process(deal_id=other.pk, process_key="throwing", by=department.rep, now=NOW)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    message = Message.objects.get()
    assert (message.status, message.instance_id, message.sender_id) == ("matched", waiting, started.instance_id)
    with pytest.raises(Refused) as moved_on:
        undo_completion(task_id=started.created[0], by=department.rep, now=NOW + timedelta(seconds=1))
    assert moved_on.value.code == "undo_moved_on"
    assert Event.objects.filter(kind="processes.message.caught", instance_id=waiting).count() == 1


def test_a_signal_reaches_everybody_who_waits_and_nobody_who_comes_later(department: Department) -> None:
    publish(
        book(
            "listening",
            f'<startEvent id="start"/><intermediateCatchEvent id="hear"><signalEventDefinition signalRef="fair"/>'
            f'</intermediateCatchEvent>{task("go")}<endEvent id="end"/>'
            "<flows>\nstart -> hear\nhear -> go\ngo -> end\n</flows>",
            around='<signal id="fair" name="fair"/>',
        )
    )
    deals = [department.deal.pk]
    for number in (2, 3):
        more = Deal.objects.get(pk=department.deal.pk)
        more.pk, more.number = None, number
        more.save()
        deals.append(more.pk)
    for deal_id in deals[:2]:
        start_process(deal_id=deal_id, process_key="listening", by=department.rep, now=NOW)
    broadcast_signal(name="fair", now=LATER)
    start_process(deal_id=deals[2], process_key="listening", by=department.rep, now=LATER)
    assert run_due(now=LATER) == 2
    assert run_due(now=LATER) == 0
    assert sorted(Task.objects.filter(element="go").values_list("deal_id", flat=True)) == sorted(deals[:2])
    assert Message.objects.get().delivered == 2


HEARING = book(
    "hearing",
    f'<startEvent id="start"/>{task("work")}<boundaryEvent id="hear" attachedToRef="work" cancelActivity="false">'
    f'<signalEventDefinition signalRef="fair"/></boundaryEvent>{task("go")}<endEvent id="end"/><endEvent id="over"/>'
    "<flows>\nstart -> work\nwork -> end\nhear -> go\ngo -> over\n</flows>",
    around='<signal id="fair" name="fair"/>',
)


def test_a_paused_process_hears_every_signal_once_it_runs_again(department: Department) -> None:
    publish(HEARING)
    started = start_process(deal_id=department.deal.pk, process_key="hearing", by=department.rep, now=NOW)
    suspend_instance(instance_id=started.instance_id, reason="Wait", by=department.head, now=NOW)
    for _time in range(2):
        broadcast_signal(name="fair", now=LATER)
        run_due(now=LATER)
    assert KeptSignal.objects.count() == 2 and not Task.objects.filter(element="go").exists()
    resume_instance(instance_id=started.instance_id, by=department.head, now=LATER)
    run_due(now=LATER)
    assert Task.objects.filter(element="go").count() == 2
    assert list(Message.objects.values_list("delivered", flat=True)) == [1, 1]
    assert not KeptSignal.objects.exists()


def test_a_signal_kept_for_a_process_that_was_stopped_is_forgotten(department: Department) -> None:
    publish(HEARING)
    started = start_process(deal_id=department.deal.pk, process_key="hearing", by=department.rep, now=NOW)
    suspend_instance(instance_id=started.instance_id, reason="Wait", by=department.head, now=NOW)
    broadcast_signal(name="fair", now=LATER)
    run_due(now=LATER)
    cancel_instance(instance_id=started.instance_id, reason="Enough", by=department.head, now=LATER)
    run_due(now=LATER)
    assert not KeptSignal.objects.exists()


def test_a_signal_that_a_process_refuses_is_told_to_its_ledger(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(HEARING)
    started = start_process(deal_id=department.deal.pk, process_key="hearing", by=department.rep, now=NOW)

    def refuse(**_arguments: object) -> None:
        raise Refused("no_flow", "The process leads nowhere.")

    monkeypatch.setattr(signals, "act_on_instance", refuse)
    broadcast_signal(name="fair", now=LATER)
    run_due(now=LATER)
    failed = Event.objects.get(kind="processes.signal.failed")
    assert (failed.instance_id, failed.payload["reason"]) == (started.instance_id, "The process leads nowhere.")
    assert Message.objects.get().error == "The process leads nowhere."


def test_a_persons_signal_reaches_the_deals_they_see(department: Department) -> None:
    publish(HEARING)
    start_process(deal_id=department.deal.pk, process_key="hearing", by=department.rep, now=NOW)
    away = Branch.objects.create(name="Kazan")
    stranger = User.objects.create_user("kazan@example.com", name="K", role="head", branch=away)
    broadcast_signal(name="fair", by=stranger, now=LATER)
    run_due(now=LATER)
    assert not Task.objects.filter(element="go").exists()
    broadcast_signal(name="fair", by=department.head, now=LATER)
    run_due(now=LATER)
    assert Task.objects.filter(element="go").count() == 1
    with pytest.raises(Refused) as refused:
        broadcast_signal(name="fair", by=department.rep, now=LATER)
    assert refused.value.code == "not_allowed"


def test_a_circle_that_catches_what_it_throws_does_not_double(department: Department) -> None:
    parts = (
        f'<startEvent id="start"/>{task("ask")}<exclusiveGateway id="again" default="again_throw"/>'
        '<intermediateThrowEvent id="throw"><messageEventDefinition messageRef="paid"/></intermediateThrowEvent>'
        '<receiveTask id="wait" name="Wait" messageRef="paid"/><boundaryEvent id="late" attachedToRef="wait">'
        "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>"
        '<endEvent id="end" kniga:result="won"/><sequenceFlow id="again_throw" sourceRef="again" targetRef="throw"/>'
        "<flows>\nstart -> ask\nask -> again\nthrow -> wait\nwait -> again\nlate -> end\n</flows>"
    )
    publish(book("circling", parts, around=paid()))
    started = start_process(deal_id=department.deal.pk, process_key="circling", by=department.rep, now=NOW)
    before = Event.objects.count()
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    assert Event.objects.count() - before < 300
    assert replay_instance(instance_id=started.instance_id).problem == ""
