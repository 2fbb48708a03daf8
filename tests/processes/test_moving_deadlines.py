"""A manager moves the deadline of an open task: timers and control points follow, undoing and replaying stay exact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils.translation import override

from kniga.deals.models import Deal
from kniga.people.models import Notice
from kniga.people.notice_queries import notices_page
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import CalendarDay, Event
from kniga.platform.working_time import forget_calendar
from kniga.processes.acts.act_planning import plan_move
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out
from kniga.processes.acts.scopes import Scope
from kniga.processes.background.pump import run_due
from kniga.processes.background.sweeping import nearest_due
from kniga.processes.control.deviation_acts import close, move_date
from kniga.processes.models import Task, Timer
from kniga.processes.models.control import ControlWatch, Deviation
from kniga.processes.running.deadlines import follow_moved_deadlines, move_deadline, proposed_deadline
from kniga.processes.running.replaying import replay_instance
from kniga.processes.services import (
    cancel_instance,
    complete_task,
    resume_instance,
    suspend_instance,
    undo_completion,
)
from tests.processes.books import publish
from tests.processes.conftest import NOW, Department
from tests.processes.test_control_points import controlled, done, kinds, start

TIMER = (
    '<boundaryEvent id="{id}" attachedToRef="offer" cancelActivity="false" kniga:basis="deadline">'
    "<timerEventDefinition><timeDuration>PT2H</timeDuration></timerEventDefinition></boundaryEvent>"
    '<endEvent id="told"/><sequenceFlow id="{id}_told" sourceRef="{id}" targetRef="told"/></process>'
)
LATER = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
"""Friday, noon in Moscow; two working hours later it is 14:00."""


def timed(*, id: str = "slip", due: str = "PT1H") -> bytes:
    """A step with a control point and a timer that both count from its deadline."""
    return controlled("", due=due, basis="deadline").replace(b"</process>", TIMER.format(id=id).encode())


def move(task_id: int, department: Department, **changed: Any) -> None:
    given = {"to": LATER, "reason": "The client is away", "by": department.lead, "now": NOW} | changed
    move_deadline(task_id=task_id, **given)


def due_of(element: str) -> datetime:
    return Timer.objects.get(element=element, status="scheduled").due_at


def exact() -> bool:
    return replay_instance(instance_id=Task.objects.earliest("id").instance_id).problem == ""


def test_what_counts_from_the_deadline_follows_it(department: Department) -> None:
    task_id = start(department, timed())
    before = Task.objects.get().due_at
    assert before is not None and due_of("slip") < LATER
    move(task_id, department)
    assert Task.objects.get().due_at == LATER
    assert due_of("slip") == LATER + timedelta(hours=2)
    assert ControlWatch.objects.get().look_at == LATER + timedelta(hours=1) == nearest_due()
    event = Event.objects.get(kind="processes.task.deadline_moved")
    assert (event.actor_id, event.task_id, event.payload) == (
        department.lead.pk, task_id,
        {"token": 1, "element": "offer", "from": before.isoformat(), "to": LATER.isoformat(),
         "reason": "The client is away"},
    )  # fmt: skip
    run_due(now=LATER + timedelta(minutes=59))
    assert not Deviation.objects.exists() and due_of("slip")
    run_due(now=LATER + timedelta(hours=3))
    assert Deviation.objects.count() == 1 and Timer.objects.get().status == "fired"
    assert exact()


def test_a_deviation_is_over_with_the_new_date_and_comes_again_when_that_passes(department: Department) -> None:
    task_id = start(department, timed())
    late = NOW + timedelta(days=2)
    run_due(now=late)
    assert (Deviation.objects.get().state, Timer.objects.get().status) == ("open", "fired")
    move(task_id, department, now=late)
    assert (Deviation.objects.get().state, Deviation.objects.get().how) == ("closed", "cured")
    assert Timer.objects.get().status == "fired"  # it has done its part: it does not come twice
    run_due(now=LATER + timedelta(hours=2))
    assert list(Deviation.objects.order_by("id").values_list("state", flat=True)) == ["closed", "open"]
    assert kinds() == ["raised", "closed", "raised"]
    assert exact()


def test_one_closed_by_hand_is_silent_until_the_new_date_passes(department: Department) -> None:
    task_id = start(department, timed())
    late = NOW + timedelta(days=2)
    run_due(now=late)
    close(deviation_id=Deviation.objects.get().pk, word="known", by=department.lead, now=late)
    move(task_id, department, now=late)
    run_due(now=LATER)
    assert Deviation.objects.count() == 1
    run_due(now=LATER + timedelta(hours=2))
    assert Deviation.objects.count() == 2


def test_moved_from_the_queue_it_closes_or_is_taken_up(department: Department) -> None:
    start(department, timed())
    late = NOW + timedelta(days=2)
    run_due(now=late)
    row = Deviation.objects.get()
    given = {"deviation_id": row.pk, "word": "Away", "by": department.lead, "now": late}
    assert move_date(to=LATER, **given) is True
    with pytest.raises(Conflict) as closed:
        move_date(to=LATER + timedelta(days=1), **given)
    assert closed.value.code == "deviation_closed"


def test_a_point_that_counts_from_the_beginning_is_taken_up_by_who_moves_the_date(department: Department) -> None:
    start(department, controlled())
    late = NOW + timedelta(days=2)
    run_due(now=late)
    row = Deviation.objects.get()
    given = {"deviation_id": row.pk, "by": department.lead, "now": late}
    assert move_date(to=LATER, word="Away", **given) is False
    row.refresh_from_db()
    assert (row.state, row.word, row.acknowledged_by, row.next_at) == ("acknowledged", "Away", department.lead, None)
    assert move_date(to=LATER + timedelta(days=1), word="Ill, too", **given) is False
    row.refresh_from_db()
    assert (row.state, row.word) == ("acknowledged", "Ill, too")
    Task.objects.all().delete()
    with pytest.raises(Conflict):
        move_date(to=LATER, word="x", **given)


def test_only_who_steers_and_sees_the_deal_moves_a_deadline(department: Department) -> None:
    task_id = start(department, timed())
    for by, error in ((department.rep, Refused), (department.other, NotVisible)):
        with pytest.raises(error):
            move(task_id, department, by=by)
    with pytest.raises(NotVisible):
        move(0, department)
    Task.objects.update(assignee=department.other)
    with pytest.raises(Refused) as refusal:
        move(task_id, department, by=department.other)
    assert refusal.value.code == "not_allowed"
    assert not Event.objects.filter(kind="processes.task.deadline_moved").exists()


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"reason": "  "}, "reason_missing", "reason"),
        ({"reason": "x" * 2001}, "too_long", "reason"),
        ({"to": None}, "not_in_future", "to"),
        ({"to": NOW}, "not_in_future", "to"),
        ({"to": NOW + timedelta(days=367)}, "not_in_future", "to"),
        ({"to": "same"}, "deadline_same", "to"),
    ],
)
def test_a_move_without_sense_is_refused_with_its_field(
    department: Department, wrong: dict[str, Any], code: str, field: str
) -> None:
    task_id = start(department, timed())
    if wrong.get("to") == "same":
        wrong = {"to": Task.objects.get().due_at}
    with pytest.raises(Refused) as refusal:
        move(task_id, department, **wrong)
    assert (refusal.value.code, refusal.value.field) == (code, field)


def test_the_deadline_of_a_task_that_is_over_stays(department: Department) -> None:
    task_id = start(department, timed())
    done(department, task_id, NOW)
    with pytest.raises(Conflict) as refusal:
        move(task_id, department)
    assert refusal.value.code == "task_over"
    following = Task.objects.get(status="open")
    cancel_instance(instance_id=following.instance_id, reason="x", by=department.head, now=NOW)
    with pytest.raises(Conflict):
        move(following.pk, department)


def test_a_completion_is_still_taken_back_and_its_task_keeps_the_new_deadline(department: Department) -> None:
    task_id = start(department, timed())
    move(task_id, department)
    done(department, task_id, NOW)
    following = Task.objects.get(status="open")
    move(following.pk, department)  # within the seconds in which the completion can be undone
    undo_completion(task_id=task_id, by=department.rep, now=NOW + timedelta(seconds=2))
    task = Task.objects.get()
    assert (task.pk, task.status, task.due_at) == (task_id, "open", LATER)
    assert due_of("slip") == LATER + timedelta(hours=2)
    assert exact()
    complete_task(task_id=task_id, outcome="ok", answers={}, by=department.rep, now=NOW)
    assert exact()


def test_a_paused_deal_takes_a_new_deadline_and_looks_when_it_goes_on(department: Department) -> None:
    task_id = start(department, timed())
    instance_id = Task.objects.get().instance_id
    late = NOW + timedelta(days=2)
    run_due(now=late)
    suspend_instance(instance_id=instance_id, reason="x", by=department.head, now=late)
    move(task_id, department, now=late)
    assert Deviation.objects.get().state == "open"  # a paused deal is left alone
    resume_instance(instance_id=instance_id, by=department.head, now=late)
    for _turn in range(2):
        run_due(now=late)
    assert Deviation.objects.get().state == "closed"


def test_a_task_without_a_deadline_gets_one(department: Department) -> None:
    task_id = start(department, controlled())
    Task.objects.update(due_at=None)
    move(task_id, department)
    assert Task.objects.get().due_at == LATER
    assert Event.objects.get(kind="processes.task.deadline_moved").payload["from"] is None


def move_all(department: Department, xml: bytes, now: datetime) -> int:
    publish(xml)
    Notice.objects.all().delete()
    act = plan_move(scope=Scope("offers", 1), target=2, reason="x", by=department.head, now=now)
    begin_act(act_id=act.pk, by=department.head, now=now)
    carry_out(act_id=act.pk, clock=lambda: now)
    look(now)
    return act.pk


def undo_all(department: Department, act_id: int, now: datetime) -> None:
    begin_undo(act_id=act_id, reason="y", by=department.head, now=now)
    carry_out(act_id=act_id, clock=lambda: now)
    look(now)


def look(now: datetime) -> None:
    for _turn in range(2):
        run_due(now=now)


def test_a_moved_deal_counts_from_the_deadline_that_was_moved_before(department: Department) -> None:
    task_id = start(department, timed())
    move(task_id, department)
    act_id = move_all(department, timed(id="slipped", due="PT3H"), NOW)
    assert due_of("slipped") == LATER + timedelta(hours=2)
    assert ControlWatch.objects.get().look_at == LATER + timedelta(hours=3)
    undo_all(department, act_id, NOW + timedelta(minutes=5))
    assert due_of("slip") == LATER + timedelta(hours=2)
    assert ControlWatch.objects.get().look_at == LATER + timedelta(hours=1)
    assert exact()


def test_undoing_a_move_keeps_the_deadline_that_was_moved_since(department: Department) -> None:
    task_id = start(department, timed())
    act_id = move_all(department, timed(id="slipped", due="PT3H"), NOW)
    assert due_of("slipped") != LATER + timedelta(hours=2)
    move(task_id, department)
    assert due_of("slipped") == LATER + timedelta(hours=2)
    undo_all(department, act_id, NOW + timedelta(minutes=5))
    assert Task.objects.get().due_at == LATER
    assert due_of("slip") == LATER + timedelta(hours=2)
    assert ControlWatch.objects.get().look_at == LATER + timedelta(hours=1)
    assert exact()
    run_due(now=LATER + timedelta(hours=2))
    assert Deviation.objects.count() == 1
    assert exact()


def test_a_deviation_goes_with_its_deal_through_a_move_and_its_undoing(department: Department) -> None:
    start(department, timed())
    late = NOW + timedelta(days=1)
    run_due(now=late)
    row = Deviation.objects.get()
    act_id = move_all(department, timed(id="slipped"), late)
    row.refresh_from_db()
    assert row.state == "open"  # the same point is wanting there, too: nobody is told twice
    assert not Notice.objects.exists()
    undo_all(department, act_id, late + timedelta(minutes=5))
    row.refresh_from_db()
    assert (row.state, Deviation.objects.count()) == ("open", 1)
    assert ControlWatch.objects.get().state == "raised"
    assert kinds() == ["raised"]
    assert exact()


def test_a_point_the_new_version_drops_comes_back_with_the_undoing(department: Department) -> None:
    start(department, timed())
    late = NOW + timedelta(days=1)
    run_due(now=late)
    without = timed(id="slipped").replace(b'key="late"', b'key="other"').replace(b'due="PT1H"', b'due="P9D"')
    act_id = move_all(department, without, late)
    assert Deviation.objects.get().state == "closed"
    assert ControlWatch.objects.get().point == "other"
    undo_all(department, act_id, late + timedelta(minutes=5))
    assert ControlWatch.objects.get().point == "late"
    assert Deviation.objects.latest("id").state == "open"
    assert exact()


def test_an_act_on_many_asks_once_for_deadlines_that_were_moved(
    department: Department, django_assert_num_queries: Any
) -> None:
    start(department, timed())
    instance_id = Task.objects.get().instance_id
    with transaction.atomic(), django_assert_num_queries(1):
        follow_moved_deadlines([instance_id])


def test_the_end_of_the_next_working_day_is_offered(department: Department) -> None:
    friday = datetime(2026, 3, 13, 9, 0, tzinfo=UTC)
    assert proposed_deadline(friday) == datetime(2026, 3, 16, 15, 0, tzinfo=UTC)
    days = [friday.date() + timedelta(days=number) for number in range(40)]
    CalendarDay.objects.bulk_create(CalendarDay(date=day, is_working=False) for day in days)
    forget_calendar()
    assert proposed_deadline(friday) == datetime(2026, 3, 14, 15, 0, tzinfo=UTC)


def test_whose_task_it_is_hears_who_moved_its_deadline_and_why_in_todays_language(department: Department) -> None:
    task_id = start(department, timed())
    move(task_id, department)
    assert list(Notice.objects.values_list("user__name", "kind", "url")) == [
        ("Roman", "deadline", f"/tasks/{task_id}/")
    ]
    with override("en"):
        row = notices_page(user=department.rep).rows[0]
    assert row.title == "Lena moved a deadline: Send the offer, deal No. 1"
    assert "6 Mar 2026, 12:00. Why: The client is away" in row.body
    with override("ru"):
        row = notices_page(user=department.rep).rows[0]
    assert row.title == "Lena: срок перенесён, «Send the offer», сделка № 1"
    assert "6 мар. 2026, 12:00. Почему: The client is away" in row.body


def test_who_moves_a_deadline_of_their_own_is_told_nothing(department: Department) -> None:
    task_id = start(department, timed())
    Deal.objects.update(owner=department.head)
    Task.objects.update(assignee=department.head)
    move(task_id, department, by=department.head)
    assert not Notice.objects.exists()
