"""What a move to another version does to deviations: foretold by the dry run, taken back with the move."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kniga.people.models import Notice
from kniga.processes.acts.act_planning import plan_move
from kniga.processes.acts.act_queries import act_rows, foretold_of
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out
from kniga.processes.acts.scopes import Scope
from kniga.processes.background.pump import run_due
from kniga.processes.control.deviation_acts import acknowledge, close
from kniga.processes.models import BulkAct
from kniga.processes.models.control import Deviation
from tests.processes.books import publish
from tests.processes.conftest import NOW, Department
from tests.processes.test_control_points import DUE, controlled, kinds, start

SOON, LATER = NOW + timedelta(hours=5), DUE + timedelta(hours=1)
STRICT = controlled("", due="PT1H")
NOTHING = controlled("", due="P30D").replace(b'key="late"', b'key="other"')


def planned(department: Department, xml: bytes, now: Any) -> BulkAct:
    publish(xml)
    Notice.objects.all().delete()
    return plan_move(scope=Scope("offers", 1), target=2, reason="x", by=department.head, now=now)


def moved(department: Department, act: BulkAct, now: Any) -> None:
    begin_act(act_id=act.pk, by=department.head, now=now)
    carry_out(act_id=act.pk, clock=lambda: now)
    run_due(now=now + timedelta(seconds=1))


def undone(department: Department, act: BulkAct, now: Any) -> None:
    begin_undo(act_id=act.pk, reason="y", by=department.head, now=now)
    carry_out(act_id=act.pk, clock=lambda: now)
    for _turn in range(2):
        run_due(now=now)


def states() -> list[tuple[str, str]]:
    return list(Deviation.objects.order_by("id").values_list("state", "how"))


def test_a_dry_run_foretells_what_would_be_raised_and_the_undoing_takes_it_back(department: Department) -> None:
    start(department, controlled())
    act = planned(department, STRICT, SOON)
    assert [(one.point, one.raised, one.closed) for one in foretold_of(act)] == [("Offer not sent", 1, 0)]
    assert act_rows(user=department.head, act=act).rows[0].foretold == {"raised": ["Offer not sent"], "closed": []}
    assert not Deviation.objects.exists()
    moved(department, act, SOON + timedelta(minutes=1))
    assert states() == [("open", "")]
    undone(department, act, SOON + timedelta(minutes=10))
    assert states() == [("closed", "undone")]
    run_due(now=DUE)
    assert states() == [("closed", "undone"), ("open", "")]


@pytest.mark.parametrize("is_taken_up", [False, True])
def test_a_dry_run_foretells_what_would_be_closed_and_the_undoing_opens_it_again(
    department: Department, *, is_taken_up: bool
) -> None:
    start(department, controlled())
    run_due(now=DUE)
    if is_taken_up:
        acknowledge(deviation_id=Deviation.objects.get().pk, word="I call", by=department.lead, now=DUE)
    before = states()
    act = planned(department, NOTHING, LATER)
    assert [(one.point, one.raised, one.closed) for one in foretold_of(act)] == [("Offer not sent", 0, 1)]
    moved(department, act, LATER)
    assert states() == [("closed", "moved")]
    undone(department, act, LATER + timedelta(hours=3))
    assert states() == before
    assert not Notice.objects.exists()
    assert kinds()[-2:] == ["closed", "reopened"]


def test_a_deviation_of_both_versions_is_foretold_by_none(department: Department) -> None:
    start(department, controlled())
    run_due(now=DUE)
    act = planned(department, STRICT, LATER)
    assert foretold_of(act) == ()
    moved(department, act, LATER)
    undone(department, act, LATER + timedelta(hours=1))
    assert states() == [("open", "")]
    assert kinds() == ["raised"]


def test_what_somebody_closed_by_hand_stays_closed_through_a_move_and_its_undoing(department: Department) -> None:
    start(department, controlled())
    run_due(now=DUE)
    close(deviation_id=Deviation.objects.get().pk, word="The client is ill", by=department.lead, now=DUE)
    act = planned(department, NOTHING, LATER)
    assert foretold_of(act) == ()
    moved(department, act, LATER)
    undone(department, act, LATER + timedelta(hours=1))
    assert states() == [("closed", "by_hand")]


def test_a_condition_that_the_deal_does_not_meet_is_not_foretold(department: Department) -> None:
    start(department, controlled())
    poor = '<kniga:condition>{"field": "deal.amount", "op": "gt", "value": "5000"}</kniga:condition>'
    assert foretold_of(planned(department, controlled(poor, due="PT1H"), SOON)) == ()


def test_foretelling_takes_the_same_statements_for_one_deal_and_for_many(
    department: Department, django_assert_max_num_queries: Any
) -> None:
    start(department, controlled())
    publish(STRICT)
    with django_assert_max_num_queries(60) as captured:
        plan_move(scope=Scope("offers", 1), target=2, reason="x", by=department.head, now=SOON)
    assert sum("processes_deviation" in query["sql"] for query in captured.captured_queries) == 2
