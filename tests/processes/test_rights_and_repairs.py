"""What the shell refuses, and what it repairs: rights, pipelines, closed accounts, timers that cannot fire."""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from kniga.catalog.models import Product, Unit
from kniga.deals.models import Deal, DealLine, LossReason, Pipeline, StageVisit
from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.platform.models import Event
from kniga.processes.background.sweeping import sweep_timers
from kniga.processes.models import Instance, Task, Timer
from kniga.processes.opening import hand_over_deal
from kniga.processes.services import cancel_instance, complete_task, start_process, undo_completion
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.publishing import install_books, publish_version, upload_version
from tests.processes.conftest import NOW, SMALL_SALE, Department

SOON = NOW + timedelta(seconds=5)


def start(department: Department, process: str = "small_sale", element: str | None = None) -> int:
    return start_process(
        deal_id=department.deal.pk, process_key=process, by=department.rep, now=NOW, element=element
    ).created[0]


def test_only_who_works_deals_may_start_one(department: Department) -> None:
    delivery = User.objects.create_user("d@example.com", name="Dina", role="delivery", branch=department.rep.branch)
    with pytest.raises(Refused):
        start_process(deal_id=department.deal.pk, process_key="small_sale", by=delivery, now=NOW)
    assert not Instance.objects.exists()


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_process_is_not_stopped_without_a_reason(department: Department, reason: str) -> None:
    start(department)
    with pytest.raises(Refused) as refused:
        cancel_instance(instance_id=Instance.objects.get().pk, reason=reason, by=department.lead, now=NOW)
    assert (refused.value.code, refused.value.field) == ("reason_missing", "reason")
    assert Instance.objects.get().status == "running"


def test_a_deal_in_no_stage_yet_joins_the_pipeline_of_its_process(department: Department) -> None:
    install_books(language="en", by=None, now=NOW)
    start(department, "inbound_sale")
    assert Deal.objects.get().pipeline == Pipeline.objects.get(key="inbound_sale")


def test_a_deal_with_a_past_stays_in_its_pipeline(department: Department) -> None:
    install_books(language="en", by=None, now=NOW)
    start(department)
    cancel_instance(instance_id=Instance.objects.get().pk, reason="wrong book", by=department.lead, now=NOW)
    with pytest.raises(Refused) as refused:
        start(department, "inbound_sale")
    assert refused.value.code == "other_pipeline"


def test_starting_again_further_back_is_a_step_back(department: Department) -> None:
    first = start(department)
    complete_task(task_id=first, outcome="interested", answers={"need": "racks"}, by=department.rep, now=NOW)
    cancel_instance(instance_id=Instance.objects.get().pk, reason="again", by=department.lead, now=NOW)
    start(department)
    assert list(StageVisit.objects.order_by("id").values_list("exit", flat=True)) == ["passed", "back", None]


def test_a_deal_never_runs_two_processes(department: Department) -> None:
    start(department)
    with pytest.raises(IntegrityError), transaction.atomic():
        Instance.objects.create(version=Instance.objects.get().version, deal=department.deal, started_at=NOW)


def add_product(department: Department, amount: str) -> None:
    unit = Unit.objects.get_or_create(code="piece", defaults={"name": "piece"})[0]
    product = Product.objects.create(
        name="Rack", name_key="rack", match_key="rack", unit=unit, price=1, created_at=NOW, updated_at=NOW
    )
    DealLine.objects.create(
        deal=department.deal, position=1, product=product, unit=unit, quantity=1, price=amount, amount=amount
    )


def test_the_proposal_of_a_deal_with_products_is_their_sum(department: Department) -> None:
    install_books(language="en", by=None, now=NOW)
    add_product(department, "1000.00")
    proposal = start(department, "b2b_sale", "task_proposal")
    answers = {"proposal_amount": "900"}
    with pytest.raises(Refused, match=r"1 000\.00") as refused:
        complete_task(task_id=proposal, outcome="ready", answers=answers, by=department.rep, now=NOW)
    assert refused.value.field == "proposal_amount"
    answers = {"proposal_amount": "1000"}
    assert complete_task(task_id=proposal, outcome="ready", answers=answers, by=department.rep, now=NOW).created


def test_undo_leaves_an_amount_somebody_has_changed_since(department: Department) -> None:
    install_books(language="en", by=None, now=NOW)
    proposal = start(department, "b2b_sale", "task_proposal")
    complete_task(task_id=proposal, outcome="ready", answers={"proposal_amount": "900"}, by=department.rep, now=NOW)
    Deal.objects.update(amount=Decimal("777.00"))
    undo_completion(task_id=proposal, by=department.rep, now=SOON)
    assert Deal.objects.get().amount == Decimal("777.00")


def test_a_completion_before_a_handover_can_no_longer_be_undone(department: Department) -> None:
    first = start(department)
    complete_task(task_id=first, outcome="later", answers={}, by=department.rep, now=NOW)
    hand_over_deal(deal=department.deal, owner=department.other, by=department.head, now=NOW)
    with pytest.raises(Refused) as refused:
        undo_completion(task_id=first, by=department.rep, now=SOON)
    assert refused.value.code == "undo_moved_on"
    assert Task.objects.get(status="open").assignee == department.other


def test_tasks_of_a_closed_account_go_to_the_lead(department: Department) -> None:
    first = start(department)
    User.objects.filter(pk=department.rep.pk).update(is_active=False)
    complete_task(task_id=first, outcome="later", answers={}, by=department.lead, now=NOW)
    assert Task.objects.get(status="open").assignee == department.lead


def test_a_timer_that_leads_nowhere_fails_once_and_holds_up_nobody(department: Department) -> None:
    text = SMALL_SALE.decode().replace(
        '<sequenceFlow id="f_late" sourceRef="offer_late" targetRef="check"/>',
        '<sequenceFlow id="f_late" sourceRef="offer_late" targetRef="big"/>'
        '<exclusiveGateway id="big"/><sequenceFlow id="f_big" sourceRef="big" targetRef="check">'
        '<conditionExpression language="urn:kniga:rules:1">{"field":"deal.amount","op":"gt","value":"5000"}'
        "</conditionExpression></sequenceFlow>",
    )
    version = upload_version(xml=text.encode(), note="", by=None, now=NOW)
    version.process.versions.update(status="retired")
    type(version).objects.filter(pk=version.pk).update(status="published")
    first = start(department)
    complete_task(task_id=first, outcome="interested", answers={"need": "racks"}, by=department.rep, now=NOW)
    later = NOW + timedelta(days=10)
    assert sweep_timers(now=later) == 1
    assert sweep_timers(now=later) == 0
    assert Timer.objects.get().status == "failed"
    assert Event.objects.get(kind="processes.timer.failed").deal_id == department.deal.pk


def test_timers_fire_in_the_order_they_are_due_whatever_the_batch(department: Department) -> None:
    first = start(department)
    offer = complete_task(task_id=first, outcome="interested", answers={"need": "x"}, by=department.rep, now=NOW)
    task = Task.objects.get(pk=offer.created[0])
    Timer.objects.bulk_create(
        [
            Timer(
                instance_id=task.instance_id, token=task.token, element=f"gone_{n}", due_at=NOW + timedelta(minutes=n)
            )
            for n in range(5)
        ]
    )
    assert sweep_timers(now=NOW + timedelta(days=10), batch=2) == 6
    assert Timer.objects.filter(status="scheduled").count() == 0
    assert Timer.objects.get(element="offer_late").status == "fired"


def test_a_books_own_loss_reasons_are_known_when_it_is_published(department: Department) -> None:
    text = SMALL_SALE.replace(
        b'<kniga:choice key="no_need" label="No need"/>', b'<kniga:choice key="too_far" label="Too far away"/>'
    )
    version = upload_version(xml=text, note="", by=None, now=NOW)
    publish_version(version_id=version.pk, by=None, now=NOW)
    assert LossReason.objects.get(key="too_far").name == "Too far away"
    first = start(department)
    complete_task(task_id=first, outcome="refused", answers={"loss_reason": "too_far"}, by=department.rep, now=NOW)
    assert Deal.objects.get().loss_reason == LossReason.objects.get(key="too_far")


@pytest.mark.parametrize("statement", ["UPDATE {} SET kind = 'x'", "DELETE FROM {}"])
def test_the_ledger_refuses_change_in_every_partition(department: Department, statement: str) -> None:
    start(department)
    event = Event.objects.first()
    assert event is not None
    partition = f"platform_event_{event.at.astimezone(UTC):%Y%m}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NULL", [partition])
        table = "platform_event_default" if cursor.fetchone()[0] else partition
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(statement.format(table))


def test_a_draft_that_was_looked_at_runs_when_it_is_published(department: Department) -> None:
    text = SMALL_SALE.replace(b'key="offer" name="Offer"', b'key="quote" name="Quote"')
    text = text.replace(b'kniga:stage="offer"', b'kniga:stage="quote"')
    draft = upload_version(xml=text, note="", by=None, now=NOW)
    assert "quote" not in runnable_version(draft.pk).stage_ids
    publish_version(version_id=draft.pk, by=None, now=NOW)
    first = start(department)
    complete_task(task_id=first, outcome="interested", answers={"need": "racks"}, by=department.rep, now=NOW)
    deal = Deal.objects.get()
    assert deal.stage is not None
    assert deal.stage.key == "quote"
