"""Acts on many deals belong to whoever prepared them, and follow the deals: nobody acts on what they no longer see."""

from __future__ import annotations

import pytest

from kniga.deals.models import Deal
from kniga.people.models import Branch, Team, User
from kniga.platform.errors import NotVisible, Refused
from kniga.processes.acts.act_planning import plan_act
from kniga.processes.acts.act_queries import act_rows, acts_of_process, get_visible_act
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out, drop_act
from kniga.processes.acts.scopes import Scope
from kniga.processes.models import BulkAct, Instance
from tests.processes.moving import KEY, run_deals, two_teams
from tests.processes.test_moving_running_deals import LATER, carried_out, undone


def lead_of(name: str, rep: User) -> User:
    lead = User.objects.create_user(f"{name}@example.com", name=name, role="lead", branch=rep.branch)
    Team.objects.filter(pk=rep.team_id).update(lead=lead)
    return lead


def plan(by: User | None, kind: str = "suspend") -> BulkAct:
    return plan_act(kind=kind, scope=Scope(KEY), reason="x", by=by, now=LATER)


def test_an_act_is_shown_to_who_prepared_it_and_to_who_sees_all(db: None) -> None:
    head, first, second = two_teams()
    run_deals([first, second], 4, head)
    lead, other = lead_of("lead", first), lead_of("other", second)
    owner = User.objects.create_user("owner@example.com", name="Owner", role="owner")
    # The head belongs to the team of the other lead, who sees the head's own deals, and no others for that.
    User.objects.filter(pk=head.pk).update(team=second.team)
    act = plan(head)
    assert [one.pk for one in acts_of_process(user=owner, process_key=KEY)] == [act.pk]
    assert get_visible_act(user=head, act_id=act.pk) == act
    for stranger in (lead, User.objects.get(pk=other.pk)):
        assert acts_of_process(user=stranger, process_key=KEY) == ()
        with pytest.raises(NotVisible):
            get_visible_act(user=stranger, act_id=act.pk)
        for forbidden in (
            lambda by=stranger: begin_act(act_id=act.pk, by=by, now=LATER),
            lambda by=stranger: begin_undo(act_id=act.pk, reason="x", by=by, now=LATER),
            lambda by=stranger: drop_act(act_id=act.pk, by=by),
        ):
            with pytest.raises(NotVisible):
                forbidden()
    assert {row.owner for row in act_rows(user=other, act=act).rows} == {"Second"}
    assert BulkAct.objects.get().status == "planned"


def test_a_deal_that_went_to_another_team_is_left_as_it_is(db: None) -> None:
    head, first, second = two_teams()
    deals = run_deals([first], 4, head)
    lead = lead_of("lead", first)
    act = plan(lead)
    Deal.objects.filter(pk=deals[0].pk).update(owner=second)
    assert carried_out(act, lead) == {"done": 3, "refused": 1}
    row = act_rows(user=None, act=act, status="refused").rows[0]
    assert (row.deal_id, row.why) == (deals[0].pk, {"code": "not_seen"})
    assert act_rows(user=lead, act=act, status="refused").rows == ()
    assert Instance.objects.get(deal=deals[0]).status == "running"


def test_a_deal_that_went_to_another_team_is_not_brought_back(db: None) -> None:
    head, first, second = two_teams()
    deals = run_deals([first], 4, head)
    lead = lead_of("lead", first)
    act = plan(lead, "cancel")
    carried_out(act, lead)
    Deal.objects.filter(pk=deals[0].pk).update(owner=second)
    assert undone(act, lead) == {"undone": 3, "kept": 1}
    assert Instance.objects.get(deal=deals[0]).status == "cancelled"
    assert act_rows(user=None, act=act, status="kept").rows[0].why == {"code": "not_seen"}


def test_who_sees_nothing_any_more_does_nothing(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 3, head)
    act = plan(head)
    begin_act(act_id=act.pk, by=head, now=LATER)
    User.objects.filter(pk=head.pk).update(branch=Branch.objects.create(name="Far"))
    carry_out(act_id=act.pk, clock=lambda: LATER, batch=2)
    assert BulkAct.objects.get().status == "done"
    assert set(Instance.objects.values_list("status", flat=True)) == {"running"}


def test_forgetting_an_act_takes_the_right_to_do_it(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 1, head)
    act = plan(head)
    User.objects.filter(pk=head.pk).update(role="rep")
    with pytest.raises(Refused) as refused:
        drop_act(act_id=act.pk, by=User.objects.get(pk=head.pk))
    assert refused.value.code == "not_allowed"
    assert BulkAct.objects.exists()
