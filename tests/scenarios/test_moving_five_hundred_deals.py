"""500 running deals on version 1 go to version 2 with one step renamed, one removed, one split; and come back."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import transaction
from django.db.models import Count

from kniga.deals.models import Deal
from kniga.platform.models import Event
from kniga.processes.acts.act_planning import plan_move
from kniga.processes.acts.act_queries import act_counts
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out
from kniga.processes.acts.scopes import Scope
from kniga.processes.models import BulkAct, Instance, Task
from kniga.processes.running.bulk import start_many
from kniga.processes.running.replaying import replay_all
from tests.processes.conftest import NOW
from tests.processes.moving import KEY, open_deals, publish_first, publish_second, two_teams
from tests.processes.test_moving_running_deals import LATER, everything

DEALS = 500
STEPS = (None, "visit", "offer", "contract")
CHOICES = {"visit": "call", "contract": "draft"}


def funnel() -> dict[str, int]:
    """Open deals by stage."""
    return dict(Deal.objects.filter(status="open").values_list("stage__key").annotate(Count("pk")).order_by())


def standing() -> Counter[tuple[int, str]]:
    """Open tasks by version and step."""
    return Counter(Task.objects.filter(status="open").values_list("instance__version__number", "element"))


def counts(act: BulkAct) -> dict[str, int]:
    return {key: number for key, number in act_counts(act).items() if number}


def test_five_hundred_deals_move_and_come_back(db: None) -> None:
    head, first, second = two_teams()
    version, deals = publish_first(), open_deals([first, second], DEALS)
    entries = [(deal.pk, STEPS[place // 2 % 4]) for place, deal in enumerate(deals)]
    with transaction.atomic():
        start_many(version_id=version.pk, entries=entries, actor_id=None, now=NOW)
    publish_second()
    before, stages = everything(), funnel()

    def plan(scope: Scope, **more: Any) -> BulkAct:
        return plan_move(scope=scope, target=2, reason="new book", by=head, now=LATER, **more)

    def moved(act: BulkAct) -> dict[str, int]:
        begin_act(act_id=act.pk, by=head, now=LATER)
        return counts(carry_out(act_id=act.pk, clock=lambda: LATER))

    dry = plan(Scope(KEY, 1))
    assert counts(dry) == {"fits": 250, "choice": 250}
    dry.delete()
    team = plan(Scope(KEY, 1, team_id=first.team_id), mapping=CHOICES)
    assert moved(team) == {"done": 250}
    rest = plan(Scope(KEY, 1))
    assert moved(rest) == {"done": 250}
    assert funnel() == stages, "no step went to another stage"
    by_step = {(2, "call"): 252, (2, "proposal"): 124, (2, "draft"): 124}
    assert standing() == by_step
    assert not [one.problem for one in replay_all() if one.problem]
    for act in (rest, team):
        begin_undo(act_id=act.pk, reason="too early", by=head, now=LATER)
        assert counts(carry_out(act_id=act.pk, clock=lambda: LATER)) == {"undone": 250}
    assert everything() == before
    assert funnel() == stages
    assert not [one.problem for one in replay_all() if one.problem]
    assert Instance.objects.filter(status="running").count() == DEALS
    assert Event.objects.filter(kind="processes.instance.moved").count() == DEALS
