"""A deal goes through the book: tasks come by themselves, and every change is in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from kniga.deals.models import Deal, LossReason, StageVisit
from kniga.people.models import User
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.background.sweeping import sweep_timers
from kniga.processes.models import Instance, Task, Timer
from kniga.processes.services import (
    Advanced,
    TaskAlreadyDone,
    complete_task,
    start_process,
    undo_completion,
)
from kniga.processes.versions.publishing import install_books
from tests.processes.conftest import NOW, Department


def start(department: Department) -> Advanced:
    return start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=NOW)


def complete(task_id: int, outcome: str, by: User, minutes: int = 1, **answers: object) -> Advanced:
    return complete_task(task_id=task_id, outcome=outcome, answers=answers, by=by, now=NOW + timedelta(minutes=minutes))


def visits(deal: Deal) -> list[tuple[str, str | None]]:
    return list(StageVisit.objects.filter(deal=deal).order_by("id").values_list("stage__key", "exit"))


def test_starting_sets_the_first_task_and_enters_the_stage(department: Department) -> None:
    started = start(department)
    task = Task.objects.get(pk=started.created[0])
    assert (task.element, task.name, task.kind, task.assignee_id) == (
        "call",
        "Call the client",
        "call",
        department.rep.pk,
    )
    assert task.due_at == NOW + timedelta(hours=8)
    assert task.stage is not None and task.stage.key == "contact"
    assert visits(department.deal) == [("contact", None)]


def test_completing_sets_the_next_task_in_the_next_stage(department: Department) -> None:
    first = start(department).created[0]
    moved = complete(first, "interested", department.rep, need="racks")
    task = Task.objects.get(pk=moved.created[0])
    assert task.element == "offer"
    assert Task.objects.get(pk=first).answers == {"need": "racks"}
    assert visits(department.deal) == [("contact", "passed"), ("offer", None)]
    department.deal.refresh_from_db()
    assert department.deal.stage is not None and department.deal.stage.key == "offer"
    assert Timer.objects.get(token=task.token).due_at == task.due_at


def test_a_missing_answer_is_named_and_nothing_changes(department: Department) -> None:
    first = start(department).created[0]
    events = Event.objects.count()
    with pytest.raises(Refused) as refused:
        complete(first, "interested", department.rep)
    assert refused.value.field == "need"
    assert Task.objects.get(pk=first).status == "open"
    assert Event.objects.count() == events


def test_losing_keeps_the_reason_and_closes_everything(department: Department) -> None:
    LossReason.objects.get_or_create(key="price", defaults={"name": "Price"})
    first = start(department).created[0]
    ended = complete(first, "refused", department.rep, loss_reason="price")
    assert (ended.status, ended.result, ended.created) == ("ended", "lost", ())
    deal = Deal.objects.get()
    assert (deal.status, deal.loss_reason.key if deal.loss_reason else None) == ("lost", "price")
    assert visits(deal) == [("contact", "lost")]
    assert Instance.objects.get().status == "ended"
    assert not Task.objects.filter(status="open").exists()


def test_winning_tells_the_ledger(department: Department) -> None:
    first = start(department).created[0]
    second = complete(first, "interested", department.rep, need="racks").created[0]
    complete(second, "paid", department.rep, minutes=2)
    kinds = list(Event.objects.filter(deal_id=department.deal.pk).order_by("id").values_list("kind", flat=True))
    assert kinds == [
        "processes.instance.started",
        "processes.stage.entered",
        "processes.task.created",
        "processes.task.completed",
        "processes.stage.entered",
        "processes.task.created",
        "processes.task.completed",
        "processes.instance.ended",
        "deals.deal.won",
    ]
    assert Timer.objects.get().status == "cancelled"


def test_going_back_is_a_visit_of_its_own(department: Department) -> None:
    first = start(department).created[0]
    second = complete(first, "interested", department.rep, need="racks").created[0]
    complete(second, "back", department.rep, minutes=2)
    assert visits(department.deal) == [("contact", "passed"), ("offer", "back"), ("contact", None)]


def test_the_second_completion_is_told_who_was_first(department: Department) -> None:
    first = start(department).created[0]
    complete(first, "later", department.rep)
    with pytest.raises(TaskAlreadyDone) as refused:
        complete(first, "later", department.lead, minutes=2)
    assert (refused.value.who, refused.value.outcome) == ("Roman", "later")
    assert Task.objects.count() == 2


def test_the_tasks_of_somebody_who_has_left_go_to_the_lead_else_to_the_head(department: Department) -> None:
    User.objects.filter(pk=department.rep.pk).update(is_active=False)
    second = complete(start(department).created[0], "later", department.lead).created[0]
    assert Task.objects.get(pk=second).assignee_id == department.lead.pk
    User.objects.filter(pk=department.rep.pk).update(team=None)
    third = complete(second, "later", department.head, minutes=2).created[0]
    assert Task.objects.get(pk=third).assignee_id == department.head.pk


def test_a_foreign_task_does_not_exist_for_another_rep(department: Department) -> None:
    first = start(department).created[0]
    with pytest.raises(NotVisible):
        complete(first, "later", department.other)


def test_an_overdue_offer_goes_to_the_lead_once(department: Department) -> None:
    first = start(department).created[0]
    second = complete(first, "interested", department.rep, need="racks").created[0]
    later = NOW + timedelta(days=10)
    assert sweep_timers(now=later) == 1
    assert sweep_timers(now=later) == 0
    check = Task.objects.get(element="check")
    assert check.assignee_id == department.lead.pk
    assert Task.objects.get(pk=second).status == "open"
    assert Timer.objects.get().status == "fired"
    won = complete_task(task_id=second, outcome="paid", answers={}, by=department.rep, now=later)
    assert won.result == "won"
    assert Task.objects.get(pk=check.pk).status == "cancelled"


@pytest.mark.parametrize("outcome", ["interested", "refused", "later"])
def test_undo_restores_everything(department: Department, outcome: str) -> None:
    LossReason.objects.get_or_create(key="price", defaults={"name": "Price"})
    first = start(department).created[0]
    before = snapshot(department)
    complete(first, outcome, department.rep, need="racks", loss_reason="price")
    assert snapshot(department) != before
    undo_completion(task_id=first, by=department.rep, now=NOW + timedelta(minutes=1, seconds=8))
    assert snapshot(department) == before
    assert Task.objects.get(pk=first).answers == {"need": "racks", "loss_reason": "price"}, "what was typed is kept"
    assert Event.objects.filter(kind="processes.completion.undone").count() == 1
    assert complete(first, "interested", department.rep, need="shelves").created


def test_undoing_a_won_deal_opens_it_again_with_its_timer(department: Department) -> None:
    first = start(department).created[0]
    second = complete(first, "interested", department.rep, need="racks").created[0]
    before = snapshot(department)
    complete(second, "paid", department.rep, minutes=2)
    undo_completion(task_id=second, by=department.rep, now=NOW + timedelta(minutes=2, seconds=5))
    assert snapshot(department) == before
    assert Timer.objects.get().status == "scheduled"


def test_undo_is_refused_when_it_is_late_or_the_deal_moved_on(department: Department) -> None:
    first = start(department).created[0]
    second = complete(first, "interested", department.rep, need="racks").created[0]
    with pytest.raises(Refused) as late:
        undo_completion(task_id=first, by=department.rep, now=NOW + timedelta(minutes=5))
    assert late.value.code == "undo_too_late"
    complete(second, "back", department.rep, minutes=1)
    with pytest.raises(Refused) as moved_on:
        undo_completion(task_id=first, by=department.rep, now=NOW + timedelta(minutes=1, seconds=5))
    assert moved_on.value.code == "undo_moved_on"


def snapshot(department: Department) -> dict[str, object]:
    instance = Instance.objects.get()
    return {
        "deal": Deal.objects.filter(pk=department.deal.pk)
        .values("status", "stage_id", "stage_since", "closed_at", "loss_reason_id")
        .get(),
        "instance": (instance.status, instance.seq, instance.stage, instance.data, instance.result, instance.ended_at),
        "tasks": list(Task.objects.order_by("token").values("token", "element", "status", "outcome", "completed_at")),
        "timers": list(Timer.objects.values("element", "status", "due_at")),
        "visits": list(StageVisit.objects.order_by("id").values("id", "stage_id", "entered_at", "left_at", "exit")),
    }


def test_a_day_the_client_named_is_the_next_deadline(department: Department) -> None:
    install_books(language="en", by=None, now=NOW)
    call = start_process(
        deal_id=department.deal.pk, process_key="b2b_sale", by=department.rep, now=NOW, element="task_cold_call"
    ).created[0]
    again = complete(call, "call_later", department.rep, call_back_date="2026-03-20").created[0]
    assert Task.objects.get(pk=again).due_at == datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
    later = datetime(2026, 3, 25, 9, 0, tzinfo=UTC)
    third = complete_task(task_id=again, outcome="no_answer", answers={}, by=department.rep, now=later).created[0]
    due = Task.objects.get(pk=third).due_at
    assert due is not None
    assert due > later


def at_proposal(department: Department) -> int:
    install_books(language="en", by=None, now=NOW)
    return start_process(
        deal_id=department.deal.pk, process_key="b2b_sale", by=department.rep, now=NOW, element="task_proposal"
    ).created[0]


def test_the_proposals_amount_becomes_the_deals_and_decides_the_way_at_once(department: Department) -> None:
    proposal = at_proposal(department)
    moved = complete(proposal, "ready", department.rep, proposal_amount="30000.50")
    assert Deal.objects.get().amount == Decimal("30000.50")
    assert Task.objects.get(pk=moved.created[0]).element == "task_approve"
    changed = Event.objects.get(kind="deals.deal.changed")
    assert changed.payload == {"changes": {"amount": ["1000.00", "30000.50"]}}
    undo_completion(task_id=proposal, by=department.rep, now=NOW + timedelta(minutes=1, seconds=5))
    assert Deal.objects.get().amount == Decimal("1000.00")


@pytest.mark.parametrize("amount", ["-1", "1000000000000", "twelve"])
def test_an_amount_no_deal_can_have_is_refused_at_its_question(department: Department, amount: str) -> None:
    proposal = at_proposal(department)
    with pytest.raises(Refused) as refused:
        complete(proposal, "ready", department.rep, proposal_amount=amount)
    assert refused.value.field == "proposal_amount"
    assert Deal.objects.get().amount == Decimal("1000.00")


def test_every_missing_answer_is_named_at_once(department: Department) -> None:
    install_books(language="en", by=None, now=NOW)
    needs = start_process(
        deal_id=department.deal.pk, process_key="b2b_sale", by=department.rep, now=NOW, element="task_needs"
    ).created[0]
    with pytest.raises(Refused) as refused:
        complete(needs, "needs_clear", department.rep)
    assert [one.field for one in (refused.value, *refused.value.also)] == ["need", "budget", "decision_maker"]
