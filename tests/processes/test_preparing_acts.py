"""Acts on very many deals are prepared by a worker: the page only says what is wanted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kniga.people.models import User
from kniga.platform.errors import Conflict
from kniga.platform.models import Event
from kniga.processes.acts import act_planning
from kniga.processes.acts.act_planning import change_move, plan_act, plan_move
from kniga.processes.acts.act_queries import act_counts, act_rows
from kniga.processes.acts.acting import begin_act, carry_out, drop_act, forsaken_acts
from kniga.processes.acts.scopes import Scope
from kniga.processes.jobs import carry_out_act, take_up_forsaken_acts
from kniga.processes.models import BulkAct
from tests.processes.moving import KEY, publish_second, run_deals, two_teams
from tests.processes.test_moving_running_deals import LATER, SCOPE, carried_out


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Three instances are many here; the instances the engine was asked about, each time."""
    monkeypatch.setattr(act_planning, "AT_ONCE", 3)
    asked: list[int] = []
    verdicts = act_planning.verdicts

    def noted(act: BulkAct, members: Any, **more: Any) -> Any:
        asked.extend(snapshot.instance_id for snapshot, _choices in members)
        return verdicts(act, members, **more)

    monkeypatch.setattr(act_planning, "verdicts", noted)
    return asked


def counts(act: BulkAct) -> dict[str, int]:
    return {key: number for key, number in act_counts(act).items() if number}


def plan(by: User) -> BulkAct:
    return plan_act(kind="cancel", scope=Scope(KEY), reason="x", by=by, now=LATER)


def test_many_are_tried_by_a_worker_and_not_by_the_page(db: None, tried: list[int]) -> None:
    head, first, _second = two_teams()
    run_deals([first], 8, head)
    publish_second()
    act = plan_move(scope=SCOPE, target=2, reason="x", by=head, now=LATER)
    assert (tried, act.status, counts(act)) == ([], "preparing", {"untried": 8})
    for too_early in (
        lambda: begin_act(act_id=act.pk, by=head, now=LATER),
        lambda: change_move(act_id=act.pk, mapping={}, by=head, now=LATER),
    ):
        with pytest.raises(Conflict) as refused:
            too_early()
        assert refused.value.code == "act_in_preparation"
    carry_out_act(act.pk)
    assert (len(tried), BulkAct.objects.get().status, counts(act)) == (8, "planned", {"fits": 4, "choice": 4})
    carry_out_act(act.pk)
    assert BulkAct.objects.get().status == "planned", "what is prepared is not carried out by itself"


def test_only_what_a_change_concerns_is_tried_again(db: None, tried: list[int]) -> None:
    head, first, _second = two_teams()
    run_deals([first], 8, head)
    publish_second()
    act = plan_move(scope=SCOPE, target=2, reason="x", by=head, now=LATER)
    carry_out_act(act.pk)
    tried.clear()
    mapping = dict(BulkAct.objects.get().mapping)
    assert change_move(act_id=act.pk, mapping=mapping, reason="why", by=head, now=LATER).status == "planned"
    assert (tried, BulkAct.objects.get().reason) == ([], "why")
    row = next(row for row in act_rows(user=head, act=act, status="choice").rows if "contract" in row.steps)
    change_move(act_id=act.pk, mapping={}, choices={row.id: {"contract": "sign"}}, by=head, now=LATER)
    assert (tried, counts(act)) == ([row.instance_id], {"fits": 5, "choice": 3})
    assert change_move(act_id=act.pk, mapping={"visit": "proposal"}, by=head, now=LATER).status == "preparing"
    carry_out_act(act.pk)
    assert counts(act) == {"fits": 7, "choice": 1}


def test_another_worker_goes_on_preparing(db: None, tried: list[int]) -> None:
    head, first, _second = two_teams()
    run_deals([first], 7, head)
    act = plan(head)
    told: list[tuple[int, int]] = []

    def dies(done: int, total: int) -> None:
        told.append((done, total))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(act_id=act.pk, clock=lambda: LATER, progress=dies)
    assert told == [(3, 7)]
    assert forsaken_acts(now=LATER + timedelta(minutes=5)) == [act.pk]
    take_up_forsaken_acts(0)
    assert (BulkAct.objects.get().status, counts(act), len(tried)) == ("planned", {"fits": 7}, 7)


def test_an_act_can_be_dropped_while_it_is_prepared(db: None, tried: list[int]) -> None:
    head, first, _second = two_teams()
    run_deals([first], 4, head)
    drop_act(act_id=plan(head).pk, by=head)
    assert not BulkAct.objects.exists()


def test_the_ledger_names_who_let_it_be_done(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 2, head)
    owner = User.objects.create_user("owner@example.com", name="Owner", role="owner")
    assert carried_out(plan(head), owner) == {"done": 2}
    told = Event.objects.filter(kind__in=("processes.instance.cancelled", "processes.act.carried_out"))
    assert set(told.values_list("actor_id", flat=True)) == {owner.pk}
    assert told.count() == 3
