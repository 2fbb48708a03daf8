"""Control points: looked at in due time, told to the right people, escalated, closed when cured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kniga.clients.models import Client
from kniga.deals.models import Deal
from kniga.deals.services import update_deal
from kniga.engine import ControlPoint
from kniga.people.models import Notice, User
from kniga.platform.models import CalendarDay, Event
from kniga.platform.working_time import forget_calendar
from kniga.processes.acts.act_planning import plan_act
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out
from kniga.processes.acts.scopes import Scope
from kniga.processes.background.pump import run_due
from kniga.processes.background.sweeping import nearest_due
from kniga.processes.control import control_points, deviations
from kniga.processes.control.control_points import look_at_controls
from kniga.processes.models import Instance, Task
from kniga.processes.models.control import ControlWatch, Deviation
from kniga.processes.services import (
    cancel_instance,
    complete_task,
    resume_instance,
    start_process,
    suspend_instance,
    undo_completion,
)
from tests.processes.books import book, publish
from tests.processes.conftest import NOW, Department

FLOWS = "<flows>\nstart -> offer\noffer -> after\nafter -> end\n</flows>"
DUE = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
"""Two working days after NOW: Tuesday, 17:00 in Moscow."""
LADDER = '<kniga:escalate after="PT4H" whom="head"/>'
CONDITION = '<kniga:condition>{"field": "deal.amount", "op": "gt", "value": "500"}</kniga:condition>'


def controlled(
    inside: str = LADDER, *, due: str = "P2D", basis: str = "duration", whom: str = "lead", by: str = "app mail"
) -> bytes:
    step = (
        '<userTask id="offer" name="Send the offer" kniga:kind="mail"><extensionElements>'
        '<kniga:deadline duration="P1D"/><kniga:script>Do it.</kniga:script><kniga:outcome key="ok" label="ok"/>'
        f'<kniga:control key="late" name="Offer not sent" due="{due}" basis="{basis}" whom="{whom}" by="{by}">{inside}'
        "</kniga:control></extensionElements></userTask>"
    )
    after = (
        '<userTask id="after" name="After" kniga:kind="call"><extensionElements><kniga:script>Do it.</kniga:script>'
        '<kniga:outcome key="ok" label="ok"/></extensionElements></userTask>'
    )
    return book("offers", f'<startEvent id="start"/>{step}{after}<endEvent id="end"/>{FLOWS}')


def start(department: Department, xml: bytes) -> int:
    publish(xml)
    Notice.objects.all().delete()  # people are told of new books, too
    started = start_process(deal_id=department.deal.pk, process_key="offers", by=department.rep, now=NOW)
    return started.created[0]


def start_beside(department: Department, xml: bytes) -> None:
    """One more process of the same deal, as a call begins it."""
    first, deal = Instance.objects.get(), Deal.objects.get()
    deal.pk, deal.number = None, 2
    deal.save()
    publish(xml)
    begun = start_process(deal_id=deal.pk, process_key="offers", by=department.rep, now=NOW).instance_id
    Instance.objects.filter(pk=begun).update(deal=first.deal_id, parent=first.pk)


def told(kind: str = "deviation") -> list[str]:
    return list(Notice.objects.filter(kind=kind).order_by("id").values_list("user__name", flat=True))


def kinds() -> list[str]:
    found = Event.objects.filter(kind__startswith="processes.deviation.").order_by("id")
    return [kind.removeprefix("processes.deviation.") for kind in found.values_list("kind", flat=True)]


def done(department: Department, task_id: int, now: datetime) -> None:
    complete_task(task_id=task_id, outcome="ok", answers={}, by=department.rep, now=now)


def test_a_deviation_is_raised_at_the_very_minute_and_told_to_whom_its_point_says(department: Department) -> None:
    start(department, controlled())
    assert ControlWatch.objects.get().look_at == DUE
    assert nearest_due() == DUE
    run_due(now=DUE - timedelta(minutes=1))
    assert not Deviation.objects.exists()
    run_due(now=DUE)
    row = Deviation.objects.get()
    assert (row.name, row.step, row.at_risk, row.raised_at) == ("Offer not sent", "Send the offer", 1000, DUE)
    assert told() == ["Lena"]
    assert "Offer not sent" in Notice.objects.exclude(kind="book").get().title
    event = Event.objects.get(kind="processes.deviation.raised")
    assert (event.deal_id, event.payload["point"], event.payload["told"]) == (
        department.deal.pk, "late", [department.lead.pk],
    )  # fmt: skip


def test_nobody_is_told_twice_however_often_workers_look(department: Department) -> None:
    start(department, controlled())
    for _turn in range(3):
        run_due(now=DUE)
    assert (told(), Deviation.objects.count()) == (["Lena"], 1)


def test_it_escalates_in_working_time_when_nobody_takes_it_up(department: Department) -> None:
    start(department, controlled())
    run_due(now=DUE)
    next_at = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # one hour on Tuesday, three on Wednesday
    assert Deviation.objects.get().next_at == next_at == nearest_due()
    run_due(now=next_at - timedelta(minutes=1))
    assert told("escalation") == []
    run_due(now=next_at)
    run_due(now=next_at + timedelta(days=9))
    assert told("escalation") == ["Hanna"]
    row = Deviation.objects.get()
    assert (row.rung, row.next_at, row.told) == (1, None, [department.lead.pk, department.head.pk])
    assert kinds() == ["raised", "escalated"]


def test_it_closes_itself_when_the_step_is_done(department: Department) -> None:
    task_id = start(department, controlled())
    run_due(now=DUE)
    later = DUE + timedelta(minutes=10)
    done(department, task_id, later)
    run_due(now=later + timedelta(seconds=1))
    row = Deviation.objects.get()
    assert (row.state, row.how, row.closed_at, row.next_at) == ("closed", "cured", later, None)
    assert kinds() == ["raised", "closed"]
    run_due(now=later + timedelta(minutes=1))
    assert not ControlWatch.objects.exists()


def test_a_step_done_in_time_leaves_nothing(department: Department) -> None:
    done(department, start(department, controlled()), NOW + timedelta(hours=1))
    run_due(now=DUE)
    assert not Deviation.objects.exists()
    assert not ControlWatch.objects.exists()


def test_a_completion_taken_back_goes_on_with_the_same_deviation(department: Department) -> None:
    task_id = start(department, controlled())
    run_due(now=DUE)
    later = DUE + timedelta(minutes=10)
    done(department, task_id, later)
    run_due(now=later + timedelta(seconds=1))
    undo_completion(task_id=task_id, by=department.rep, now=later + timedelta(seconds=2))
    run_due(now=later + timedelta(seconds=3))
    assert Deviation.objects.get().state == "open", "at once, not when the completion could have been taken back"
    run_due(now=later + timedelta(seconds=30))
    row = Deviation.objects.get()
    assert (row.state, row.closed_at, told()) == ("open", None, ["Lena"])
    assert row.next_at is not None
    assert kinds() == ["raised", "closed", "reopened"]


def test_a_condition_is_looked_at_then_and_again_when_the_deal_changes(department: Department) -> None:
    Deal.objects.update(amount=100)
    start(department, controlled(CONDITION))
    run_due(now=DUE)
    assert not Deviation.objects.exists()
    assert nearest_due() is None
    steps = ((900, ["open"]), (200, ["closed"]), (700, ["closed", "open"]))
    for hours, (amount, states) in enumerate(steps, start=1):
        deal, now = Deal.objects.get(), DUE + timedelta(hours=hours)
        update_deal(deal=deal, revision=deal.revision, by=department.head, now=now, amount=Decimal(amount))
        run_due(now=now)
        assert list(Deviation.objects.order_by("id").values_list("state", flat=True)) == states
    assert Deviation.objects.order_by("id")[0].how == "cured"


def test_a_paused_deal_is_left_alone_until_it_goes_on(department: Department) -> None:
    start(department, controlled())
    instance_id = ControlWatch.objects.get().instance_id
    suspend_instance(instance_id=instance_id, reason="x", by=department.head, now=NOW)
    assert nearest_due() is None
    run_due(now=DUE)
    assert not Deviation.objects.exists()
    resume_instance(instance_id=instance_id, by=department.head, now=DUE + timedelta(hours=1))
    run_due(now=DUE + timedelta(hours=1))
    assert Deviation.objects.count() == 1


def test_the_ladder_of_a_paused_deal_waits(department: Department) -> None:
    start(department, controlled())
    run_due(now=DUE)
    instance_id = Deviation.objects.get().instance_id
    suspend_instance(instance_id=instance_id, reason="x", by=department.head, now=DUE)
    run_due(now=DUE + timedelta(days=9))
    assert kinds() == ["raised"]


def test_a_deal_that_ends_takes_its_deviations_with_it(department: Department) -> None:
    start(department, controlled())
    run_due(now=DUE)
    cancel_instance(
        instance_id=Deviation.objects.get().instance_id, reason="x", by=department.head, now=DUE + timedelta(hours=1)
    )
    run_due(now=DUE + timedelta(hours=1))
    assert (Deviation.objects.get().state, Deviation.objects.get().how) == ("closed", "over")


@pytest.mark.parametrize(
    ("gone", "whom", "hears"),
    [
        ([], "owner", ["Roman"]),
        ([], "owner head", ["Roman", "Hanna"]),
        ([], "role:head", ["Hanna"]),
        ([], "role:delivery", ["Hanna"]),
        (["lead@example.com"], "lead", ["Hanna"]),
        (["rep@example.com"], "owner", ["Lena"]),
        (["lead@example.com", "head@example.com"], "lead", ["Boss"]),
    ],
)
def test_somebody_always_hears_of_it(department: Department, gone: list[str], whom: str, hears: list[str]) -> None:
    User.objects.create_user("boss@example.com", name="Boss", role="owner")
    start(department, controlled(whom=whom))
    User.objects.filter(email__in=gone).update(is_active=False)
    run_due(now=DUE)
    assert told() == hears


def test_a_point_of_the_deadline_counts_from_it(department: Department) -> None:
    start(department, controlled("", due="PT2H", basis="deadline"))
    assert ControlWatch.objects.get().look_at == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


def test_letters_go_only_where_the_point_says_so(department: Department, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    start(department, controlled(by="app", whom="lead"))
    run_due(now=DUE)
    assert Notice.objects.exclude(kind="book").get().letter == ""


def test_a_step_with_control_points_takes_no_statement_more(
    department: Department, django_assert_num_queries: Any
) -> None:
    task_id = start(department, controlled())
    done_in = NOW + timedelta(hours=1)
    with django_assert_num_queries(2):
        done(department, task_id, done_in)


def test_the_workers_find_nothing_to_do_in_one_statement(
    department: Department, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert look_at_controls(now=NOW) == 0


def test_a_calendar_without_working_days_holds_up_nothing(department: Department) -> None:
    start(department, controlled())
    days = [NOW.date() + timedelta(days=number) for number in range(3700)]
    CalendarDay.objects.bulk_create(CalendarDay(date=day, is_working=False) for day in days)
    forget_calendar()
    run_due(now=DUE)
    assert not Deviation.objects.exists()
    assert ControlWatch.objects.get().look_at == DUE + timedelta(minutes=15)


def test_a_deal_that_changes_and_still_deviates_is_left_as_it_is(department: Department) -> None:
    start(department, controlled(CONDITION))
    run_due(now=DUE)
    for hours in (1, 2):
        Deal.objects.update(revision=100 * hours)
        run_due(now=DUE + timedelta(hours=hours))
    assert Deviation.objects.get().state == "open"
    assert kinds() == ["raised"]
    assert told() == ["Lena"]


@pytest.mark.parametrize(("kind", "element"), [("cancel", ""), ("send", "after")])
def test_a_step_that_the_undoing_of_an_act_opens_again_is_watched_again(
    department: Department, kind: str, element: str
) -> None:
    start(department, controlled())
    act = plan_act(kind=kind, scope=Scope("offers"), reason="x", element=element, by=department.head, now=NOW)
    begin_act(act_id=act.pk, by=department.head, now=NOW)
    carry_out(act_id=act.pk, clock=lambda: NOW)
    run_due(now=DUE)
    assert not ControlWatch.objects.exists() and not Deviation.objects.exists(), "its step is over"
    begin_undo(act_id=act.pk, reason="y", by=department.head, now=DUE)
    carry_out(act_id=act.pk, clock=lambda: DUE)
    run_due(now=DUE)
    assert Deviation.objects.get().step == "Send the offer"


def test_two_processes_of_one_deal_are_judged_by_what_each_version_asks_for(department: Department) -> None:
    headcount = '<kniga:condition>{"field": "client.headcount", "op": "lt", "value": "10"}</kniga:condition>'
    Client.objects.update(employees=5)
    start(department, controlled(headcount))
    start_beside(department, controlled(CONDITION))
    run_due(now=DUE)
    assert Deviation.objects.count() == 2


@pytest.mark.parametrize("is_moving", [False, True])
def test_a_control_point_that_cannot_be_judged_holds_up_no_other(
    department: Department, is_moving: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(department, controlled(CONDITION))
    broken = ControlWatch.objects.get()
    start_beside(department, controlled(CONDITION))
    judged = control_points.is_wanting

    def judge(point: ControlPoint, task: Task, *more: Any, **values: Any) -> bool:
        if task.instance_id == broken.instance_id:
            raise RuntimeError("broken")
        return judged(point, task, *more, **values)

    monkeypatch.setattr(control_points, "is_wanting", judge)
    if is_moving:
        Deal.objects.update(revision=7, amount=2000)
    run_due(now=DUE)
    assert Deviation.objects.get().instance_id != broken.instance_id
    broken.refresh_from_db()
    assert broken.look_at is not None and broken.look_at > DUE
    monkeypatch.setattr(control_points, "is_wanting", judged)
    run_due(now=broken.look_at)
    assert Deviation.objects.count() == 2


def test_a_ladder_that_cannot_be_climbed_holds_up_no_other(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(department, controlled())
    run_due(now=DUE)
    first = Deviation.objects.get()
    start_beside(department, controlled())
    run_due(now=DUE)
    found = deviations.point_of

    def point(row: Deviation, snapshot: Any) -> Any:
        if row.pk == first.pk:
            raise RuntimeError("broken")
        return found(row, snapshot)

    monkeypatch.setattr(deviations, "point_of", point)
    later = DUE + timedelta(days=2)
    run_due(now=later)
    first.refresh_from_db()
    assert first.rung == 0 and first.next_at is not None and first.next_at > later
    assert Deviation.objects.exclude(pk=first.pk).get().rung == 1
