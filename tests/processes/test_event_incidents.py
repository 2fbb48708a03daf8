"""Timers and conditions that cannot be carried out, or come without end, are incidents a person sees and settles."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from kniga.deals.models import Deal
from kniga.people.models import Notice
from kniga.platform.errors import Conflict, Refused
from kniga.platform.models import Event
from kniga.processes.background import hurrying
from kniga.processes.background.pump import run_due
from kniga.processes.background.sweeping import sweep_timers
from kniga.processes.background.working import retry_work, skip_work
from kniga.processes.desk.wait_queries import incidents_for, processes_in_work
from kniga.processes.models import Instance, Task, Timer, Work
from kniga.processes.running.replaying import replay_instance
from kniga.processes.services import cancel_instance, complete_task, start_process
from kniga.processes.versions.publishing import upload_version
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department

LATER = NOW + timedelta(days=1)
LARGE = '{"field":"deal.amount","op":"gt","value":"5000"}'
TIMED = '<boundaryEvent id="late" attachedToRef="ask"{}><timerEventDefinition>{}</timerEventDefinition></boundaryEvent>'
DURATION = "<timeDuration>{}</timeDuration>"
TO_BIG = (
    '<exclusiveGateway id="big"/><sequenceFlow id="f_big" sourceRef="big" targetRef="sell">'
    f'<conditionExpression language="urn:kniga:rules:1">{LARGE}</conditionExpression></sequenceFlow>'
    f'{task("sell")}<endEvent id="sold" kniga:result="won"/>'
)
ABSOLUTE = ' kniga:calendar="absolute"'


def begin(department: Department, xml: bytes) -> int:
    """Start a book as it is, sound or not."""
    version = upload_version(xml=xml, note="", by=None, now=NOW)
    version.process.versions.update(status="retired")
    type(version).objects.filter(pk=version.pk).update(status="published")
    key = version.process.key
    return start_process(deal_id=department.deal.pk, process_key=key, by=department.rep, now=NOW).instance_id


def asked(timer: str, flows: str, more: str = "") -> bytes:
    return book(
        "timed",
        f'<startEvent id="start"/>{task("ask")}{timer}{more}<endEvent id="end"/>'
        f"<flows>\nstart -> ask\nask -> end\n{flows}</flows>",
    )


def leads_nowhere(attributes: str = "", timing: str = DURATION.format("PT1H")) -> bytes:
    return asked(TIMED.format(ABSOLUTE + attributes, timing), "late -> big\nsell -> sold\n", TO_BIG)


def incident() -> Work:
    return Work.objects.get(status="incident")


def whole(instance_id: int) -> bool:
    return replay_instance(instance_id=instance_id).problem == ""


@pytest.fixture(autouse=True)
def _few_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hurrying, "MOST_IN_A_ROW", 5)


@pytest.fixture(autouse=True)
def _small_deal(department: Department) -> None:
    Deal.objects.update(amount=Decimal(5), expected_date=date(2026, 2, 1))


@pytest.mark.parametrize(
    "timer", [TIMED.format("", DURATION.format("PT0S")), TIMED.format(' kniga:field="deal.expected_date"', "")]
)
def test_a_timer_that_is_due_again_at_once_is_stopped_for_a_person(department: Department, timer: str) -> None:
    publish(asked(timer, "late -> ask\n"))
    instance_id = begin(department, asked(timer, "late -> ask\n"))
    assert sweep_timers(now=NOW) == 6
    assert Task.objects.count() == 6
    assert incident().element == "late"
    assert sweep_timers(now=LATER) == 0
    retry_work(work_id=incident().pk, reason="Once more", by=department.head, now=NOW)
    run_due(now=NOW)
    assert Task.objects.count() == 12, "the one that was tried again, and five after it"
    skip_work(work_id=incident().pk, reason="Let it be", by=department.head, now=NOW)
    assert run_due(now=NOW) == 0
    assert Timer.objects.filter(status="scheduled").count() == 0
    assert Task.objects.get(status="open").element == "ask"
    assert whole(instance_id)


def test_what_is_missed_of_a_cycle_is_no_circle(department: Department) -> None:
    cycle = TIMED.format(' cancelActivity="false"' + ABSOLUTE, "<timeCycle>R20/PT1H</timeCycle>")
    begin(department, asked(cycle, "late -> note\nnote -> end\n", task("note")))
    assert sweep_timers(now=LATER) == 20


def test_many_timers_of_one_moment_are_no_circle(department: Department) -> None:
    timers = "".join(TIMED.format("", DURATION.format("PT0S")).replace('"late"', f'"late{n}"') for n in range(9))
    timers = timers.replace("<boundaryEvent ", '<boundaryEvent cancelActivity="false" ')
    begin(department, asked(timers, "".join(f"late{n} -> note\n" for n in range(9)) + "note -> end\n", task("note")))
    assert sweep_timers(now=NOW) == 9
    assert not Work.objects.exists()


def test_a_circle_through_a_called_process_is_stopped_too(department: Department) -> None:
    wait = f'<intermediateCatchEvent id="wait"><timerEventDefinition>{DURATION.format("PT0S")}</timerEventDefinition>'
    publish(
        book(
            "called",
            f'<startEvent id="start"/>{wait}</intermediateCatchEvent><endEvent id="end"/>'
            "<flows>\nstart -> wait\nwait -> end\n</flows>",
        )
    )
    begin(
        department,
        book(
            "calling",
            '<startEvent id="start"/><callActivity id="call" name="Call" calledElement="called"/>'
            '<exclusiveGateway id="again" default="f_call"/>'
            '<sequenceFlow id="f_call" sourceRef="again" targetRef="call"/>'
            '<sequenceFlow id="f_end" sourceRef="again" targetRef="end"><conditionExpression'
            f' language="urn:kniga:rules:1">{LARGE}</conditionExpression></sequenceFlow><endEvent id="end"/>'
            "<flows>\nstart -> call\ncall -> again\n</flows>",
        ),
    )
    assert sweep_timers(now=NOW) == 6
    assert (incident().action, incident().element) == ("timer", "wait")
    assert Instance.objects.filter(parent__isnull=False).count() == 6


def test_a_timer_that_leads_nowhere_is_seen_and_tried_again(department: Department) -> None:
    instance_id = begin(department, leads_nowhere())
    run_due(now=LATER)
    with override("en"):
        (seen,) = incidents_for(user=department.head).rows
    assert (seen.name, seen.action, seen.element, seen.attempts) == ("ask", "timer", "late", 1)
    assert "no way on" in seen.error
    told = Notice.objects.filter(kind="incident", user=department.head).get()
    assert "ask" in told.title and str(seen.id) in told.url
    (at_work,) = processes_in_work(user=department.head, deal=department.deal)
    assert [(wait.kind, wait.name, wait.work_id) for wait in at_work.waits] == [("incident", "ask", seen.id)]
    with pytest.raises(Refused):
        retry_work(work_id=seen.id, reason=" ", by=department.head, now=LATER)
    retry_work(work_id=seen.id, reason="Look again", by=department.head, now=LATER)
    run_due(now=LATER)
    assert incident().pk == seen.id, "nothing has changed, so it is back"
    Deal.objects.update(amount=Decimal(9000))
    retry_work(work_id=seen.id, reason="The amount is right now", by=department.head, now=LATER)
    run_due(now=LATER)
    assert Task.objects.get(status="open").element == "sell"
    assert Work.objects.get().status == "done"
    assert Event.objects.filter(kind="processes.timer.failed").count() == 1
    assert whole(instance_id)


def test_a_timer_that_is_let_pass_leaves_the_rest_as_it_is(department: Department) -> None:
    instance_id = begin(department, leads_nowhere(' cancelActivity="false"', "<timeCycle>R2/PT1H</timeCycle>"))
    assert sweep_timers(now=NOW + timedelta(hours=1)) == 1
    skip_work(work_id=incident().pk, reason="Not this time", by=department.head, now=NOW + timedelta(hours=1))
    assert [one.due_at for one in Timer.objects.filter(status="scheduled")] == [NOW + timedelta(hours=2)]
    assert Task.objects.get().status == "open"
    assert Work.objects.get().status == "skipped"
    Deal.objects.update(amount=Decimal(9000))
    run_due(now=LATER)
    assert set(Task.objects.values_list("element", flat=True)) == {"ask", "sell"}
    assert whole(instance_id)


def test_where_nothing_else_is_waited_for_it_cannot_be_let_pass(department: Department) -> None:
    wait = f'<intermediateCatchEvent id="wait"><timerEventDefinition>{DURATION.format("PT1H")}</timerEventDefinition>'
    begin(
        department,
        book(
            "timed",
            f'<startEvent id="start"/>{wait}</intermediateCatchEvent>{TO_BIG}'
            "<flows>\nstart -> wait\nwait -> big\nsell -> sold\n</flows>",
        ),
    )
    run_due(now=LATER)
    with pytest.raises(Refused) as refused:
        skip_work(work_id=incident().pk, reason="Go on", by=department.head, now=LATER)
    assert refused.value.code == "nothing_else"
    assert incident().element == "wait"


def test_an_incident_goes_with_what_it_stood_at(department: Department) -> None:
    begin(department, leads_nowhere())
    run_due(now=LATER)
    (open_task,) = Task.objects.all()
    complete_task(task_id=open_task.pk, outcome="ok", answers={}, by=department.rep, now=LATER)
    with pytest.raises(Conflict):
        skip_work(work_id=incident().pk, reason="Too late", by=department.head, now=LATER)
    run_due(now=LATER)
    assert not incidents_for(user=department.head).rows


def test_an_incident_of_a_stopped_process_is_over(department: Department) -> None:
    instance_id = begin(department, leads_nowhere())
    run_due(now=LATER)
    cancel_instance(instance_id=instance_id, reason="Enough", by=department.head, now=LATER)
    run_due(now=LATER)
    assert Work.objects.get().status == "cancelled"


def watching(interrupting: str = "true", target: str = "big") -> bytes:
    return asked(
        f'<boundaryEvent id="rise" attachedToRef="ask" cancelActivity="{interrupting}"><conditionalEventDefinition>'
        '<condition xsi:type="tFormalExpression" language="urn:kniga:rules:1">'
        '{"field":"deal.amount","op":"gt","value":"100"}</condition></conditionalEventDefinition></boundaryEvent>',
        f"rise -> {target}\nsell -> sold\n",
        TO_BIG,
    )


def change(amount: int) -> None:
    deal = Deal.objects.get()
    Deal.objects.update(amount=Decimal(amount), revision=deal.revision + 1)
    run_due(now=LATER)


def test_a_condition_that_leads_nowhere_is_seen_and_tried_again(department: Department) -> None:
    instance_id = begin(department, watching())
    change(200)
    (seen,) = incidents_for(user=department.head).rows
    assert (seen.name, seen.action, seen.element) == ("ask", "condition", "rise")
    assert Event.objects.filter(kind="processes.work.incident").count() == 1
    change(300)
    assert Event.objects.filter(kind="processes.work.incident").count() == 1, "told once"
    Deal.objects.update(amount=Decimal(9000))
    retry_work(work_id=seen.id, reason="It is large enough now", by=department.head, now=LATER)
    run_due(now=LATER)
    assert Task.objects.get(status="open").element == "sell"
    assert Work.objects.get().status == "done"
    assert whole(instance_id)


def test_a_condition_that_is_let_pass_comes_on_its_next_rise(department: Department) -> None:
    instance_id = begin(department, watching("false"))
    change(200)
    skip_work(work_id=incident().pk, reason="Never mind", by=department.head, now=LATER)
    change(300)
    assert not Work.objects.filter(status="incident").exists()
    change(5)
    change(9000)
    assert set(Task.objects.filter(status="open").values_list("element", flat=True)) == {"ask", "sell"}
    assert whole(instance_id)


def test_a_condition_that_no_longer_holds_needs_nobody(department: Department) -> None:
    begin(department, watching())
    change(200)
    assert incident().element == "rise"
    change(5)
    assert Work.objects.get().status == "cancelled"


def test_a_retry_that_breaks_is_an_incident_again(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(department, leads_nowhere())
    run_due(now=LATER)

    def broken(*_arguments: object, **_more: object) -> None:
        raise ValueError("broken")

    retry_work(work_id=incident().pk, reason="Look again", by=department.head, now=LATER)
    monkeypatch.setattr("kniga.processes.background.working.come_again", broken)
    run_due(now=LATER)
    assert "ValueError: broken" in incident().error
    assert Timer.objects.get().status == "failed"
