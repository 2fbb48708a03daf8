"""Running deals go over to another version: proposed, tried, one team first, undone as a whole; nothing is lost."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from kniga.deals.models import Deal, StageVisit
from kniga.people.models import User
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.acts.act_planning import change_move, plan_move
from kniga.processes.acts.act_queries import act_counts, act_rows, get_visible_act, mapping_of
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out, drop_act
from kniga.processes.acts.mapping import propose_mapping
from kniga.processes.acts.scopes import Scope
from kniga.processes.desk.timeline import timeline_of_deal
from kniga.processes.models import BulkAct, Instance, ProcessVersion, Task, Timer
from kniga.processes.running.bulk import start_many
from kniga.processes.running.replaying import replay_all
from kniga.processes.services import complete_task, suspend_instance
from kniga.processes.versions.definitions import runnable_version
from kniga.web.processes.act_words import why_in_words
from tests.processes.books import book, publish
from tests.processes.conftest import NOW
from tests.processes.moving import KEY, STAGES, open_deals, publish_second, run_deals, step, two_teams

LATER = NOW + timedelta(days=1)
CHOICES = {"visit": "proposal", "contract": "draft"}
SCOPE = Scope(KEY, 1)

TABLES = {
    "instance": "SELECT id, version_id, deal_id, status, seq, stage, data, tokens, result, reason, ended_at"
    " FROM processes_instance ORDER BY id",
    "task": "SELECT * FROM processes_task ORDER BY id",
    "timer": "SELECT id, instance_id, token, element, due_at, status FROM processes_timer ORDER BY id",
    "visit": "SELECT * FROM deals_stagevisit ORDER BY id",
    "deal": "SELECT id, stage_id, stage_since, status, amount FROM deals_deal ORDER BY id",
}


def rows(table: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES[table])
        return cursor.fetchall()


def everything() -> dict[str, list[Any]]:
    return {table: rows(table) for table in TABLES}


def carried_out(act: BulkAct, by: User, now: datetime = LATER) -> dict[str, int]:
    begin_act(act_id=act.pk, by=by, now=now)
    act = carry_out(act_id=act.pk, clock=lambda: now)
    assert act.status == "done"
    return {key: number for key, number in act_counts(act).items() if number}


def undone(act: BulkAct, by: User, now: datetime = LATER) -> dict[str, int]:
    begin_undo(act_id=act.pk, reason="too early", by=by, now=now)
    act = carry_out(act_id=act.pk, clock=lambda: now)
    assert act.status == "undone"
    return {key: number for key, number in act_counts(act).items() if number}


def funnel() -> Counter[tuple[str, str | None]]:
    return Counter(StageVisit.objects.values_list("stage__key", "exit"))


def replays() -> list[str]:
    return [one.problem for one in replay_all() if one.problem]


def test_the_machine_proposes_and_says_how_sure_it_is(db: None) -> None:
    head, rep, _other = two_teams()
    run_deals([rep], 1, head)
    old, new = runnable_version(_version(1)).definition, runnable_version(publish_second().pk).definition
    found = {one.element: (one.target, one.how) for one in propose_mapping(old, new)}
    assert found["call"] == ("call", "same")
    assert found["offer"] == ("proposal", "similar")
    assert found["contract"] == (None, "split")
    assert found["visit"] == (None, "gone")


def test_many_deals_move_one_team_first_and_come_back_exactly(db: None) -> None:
    head, first, second = two_teams()
    run_deals([first, second], 40, head)
    publish_second()
    before, visits = everything(), funnel()
    dry = plan_move(scope=SCOPE, target=2, reason="new book", by=head, now=LATER)
    assert {key: number for key, number in act_counts(dry).items() if number} == {"fits": 20, "choice": 20}
    assert everything() == before

    team = plan_move(
        scope=Scope(KEY, 1, team_id=first.team_id), target=2, reason="one team", mapping=CHOICES, by=head, now=LATER
    )
    assert carried_out(team, head) == {"done": 20}
    assert set(Instance.objects.filter(deal__owner=second).values_list("version__number", flat=True)) == {1}
    rest = plan_move(scope=SCOPE, target=2, reason="all", by=head, now=LATER)
    assert rest.mapping == team.mapping, "what was decided once is proposed again"
    assert carried_out(rest, head) == {"done": 20}
    assert set(Instance.objects.values_list("version__number", flat=True)) == {2}
    moved = funnel()
    assert moved.total() - visits.total() == 10, "only the visits' deals really changed their stage"
    assert Task.objects.filter(status="open").count() == 40
    assert replays() == []

    assert undone(rest, head) == {"undone": 20}
    assert undone(team, head) == {"undone": 20}
    assert everything() == before
    assert funnel() == visits
    assert replays() == []


def test_what_went_on_is_kept_and_says_why(db: None) -> None:
    head, first, _second = two_teams()
    deals = run_deals([first], 8, head)
    publish_second()
    act = plan_move(scope=SCOPE, target=2, reason="new book", mapping=CHOICES, by=head, now=LATER)
    carried_out(act, head)
    task = Task.objects.get(deal=deals[0], status="open")
    complete_task(task_id=task.pk, outcome="ok", answers={}, by=head, now=LATER)
    assert undone(act, head) == {"undone": 7, "kept": 1}
    (kept,) = act_rows(user=None, act=act, status="kept").rows
    assert (kept.deal_id, kept.why) == (deals[0].pk, {"code": "moved_on"})
    assert Instance.objects.get(deal=deals[0]).version.number == 2
    assert replays() == []


def test_deals_go_on_under_the_version_they_moved_to(db: None) -> None:
    head, first, _second = two_teams()
    deals = run_deals([first], 4, head)
    publish_second()
    carried_out(plan_move(scope=SCOPE, target=2, reason="x", mapping=CHOICES, by=head, now=LATER), head)
    for deal in deals:
        while task := Task.objects.filter(deal=deal, status="open").first():
            complete_task(task_id=task.pk, outcome="ok", answers={}, by=head, now=LATER)
    assert set(Instance.objects.values_list("status", "result")) == {("ended", "won")}
    assert replays() == []


def test_a_changed_timer_is_set_anew_and_comes_back_as_it_was(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 3, head)
    publish_second()
    before = rows("timer")
    act = plan_move(scope=SCOPE, target=2, reason="x", mapping=CHOICES, by=head, now=LATER)
    carried_out(act, head)
    assert Timer.objects.filter(status="scheduled").count() == 2, "the offer's and, new, that of the one visited"
    assert before != rows("timer")
    undone(act, head)
    assert rows("timer") == before


def test_a_choice_may_be_made_for_one_deal_alone(db: None) -> None:
    head, first, _second = two_teams()
    deals = run_deals([first], 8, head)
    publish_second()
    act = plan_move(scope=SCOPE, target=2, reason="x", mapping={"visit": "proposal"}, by=head, now=LATER)
    one, other = act_rows(user=None, act=act, status="choice").rows
    assert one.why == {"code": "no_target", "elements": ["contract"]}
    act = change_move(act_id=act.pk, mapping={}, choices={one.id: {"contract": "sign"}}, by=head, now=LATER)
    assert act_counts(act)["choice"] == 1
    act = change_move(act_id=act.pk, mapping={"contract": "draft"}, by=head, now=LATER)
    carried_out(act, head)
    standing = dict(Task.objects.filter(status="open").values_list("deal_id", "element"))
    assert (standing[one.deal_id], standing[other.deal_id]) == ("sign", "draft")
    assert {deal.pk for deal in deals} == set(standing)


def test_a_paused_deal_moves_and_stays_paused(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 1, head)
    publish_second()
    instance = Instance.objects.get()
    suspend_instance(instance_id=instance.pk, reason="holidays", by=head, now=NOW)
    act = plan_move(scope=SCOPE, target=2, reason="x", mapping=CHOICES, by=head, now=LATER)
    assert carried_out(act, head) == {"done": 1}
    instance.refresh_from_db()
    assert (instance.status, instance.version.number) == ("suspended", 2)
    undone(act, head)
    instance.refresh_from_db()
    assert (instance.status, instance.version.number) == ("suspended", 1)


def test_the_timeline_names_steps_as_they_were_called_then(db: None) -> None:
    head, first, _second = two_teams()
    deal = run_deals([first], 3, head)[2]
    publish_second()
    act = plan_move(scope=SCOPE, target=2, reason="x", mapping=CHOICES, by=head, now=LATER)
    carried_out(act, head)
    told = timeline_of_deal(user=head, deal=deal).rows
    names = [row.task for row in told if row.kind == "processes.task.completed"]
    assert names == ["Visit the client", "Call the client"]
    assert [row.outcome for row in told if row.kind == "processes.task.completed"] == ["ok", "ok"]
    created = [row.task for row in told if row.kind == "processes.task.created"]
    assert created[0] == "Prepare the offer", "set before the move, under its old name"
    task = Task.objects.get(deal=deal, status="open")
    complete_task(task_id=task.pk, outcome="ok", answers={}, by=head, now=LATER)
    told = timeline_of_deal(user=head, deal=deal).rows
    assert "Prepare the proposal" in [row.task for row in told if row.kind == "processes.task.completed"]


def test_each_move_is_told_in_the_ledger(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 2, head)
    publish_second()
    act = plan_move(scope=SCOPE, target=2, reason="new book", mapping=CHOICES, by=head, now=LATER)
    carried_out(act, head)
    moved = Event.objects.filter(kind="processes.instance.moved")
    assert moved.count() == 2
    assert moved.first().payload["reason"] == "new book"  # type: ignore[union-attr]
    (told,) = Event.objects.filter(kind="processes.act.carried_out").values_list("payload", flat=True)
    assert (told["from"], told["to"], told["counts"]) == (1, 2, {"done": 2})
    undone(act, head)
    assert Event.objects.filter(kind="processes.act.undone").count() == 2
    assert Event.objects.filter(kind="processes.act.taken_back").count() == 1


def test_a_step_becomes_only_a_step(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 1, head)
    publish_second()
    with pytest.raises(Refused) as refused:
        plan_move(scope=SCOPE, target=2, mapping={"visit": "won"}, by=head, now=LATER)
    assert (refused.value.code, refused.value.field) == ("bad_mapping", "visit")
    with pytest.raises(Refused):
        plan_move(scope=SCOPE, target=2, mapping={"nothing": "call"}, by=head, now=LATER)


@pytest.mark.parametrize(
    ("version", "target", "code"), [(1, 1, "same_version"), (2, 1, "not_published"), (1, 9, "unknown_version")]
)
def test_only_the_published_version_is_moved_to(db: None, version: int, target: int, code: str) -> None:
    head, first, _second = two_teams()
    run_deals([first], 1, head)
    publish_second()
    with pytest.raises(Refused) as refused:
        plan_move(scope=Scope(KEY, version), target=target, by=head, now=LATER)
    assert refused.value.code == code


def test_only_the_head_moves_deals_and_only_those_seen(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 2, head)
    publish_second()
    stranger = User.objects.create_user("far@example.com", name="Far", role="head", branch=_other_branch())
    for by, code in ((first, "not_allowed"), (stranger, "nothing_to_do")):
        with pytest.raises(Refused) as refused:
            plan_move(scope=SCOPE, target=2, by=by, now=LATER)
        assert refused.value.code == code
    act = plan_move(scope=SCOPE, target=2, by=head, now=LATER)
    with pytest.raises(NotVisible):
        get_visible_act(user=stranger, act_id=act.pk)
    with pytest.raises(NotVisible):
        begin_act(act_id=act.pk, by=stranger, now=LATER)


def test_an_act_is_carried_out_once(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 2, head)
    publish_second()
    act = plan_move(scope=SCOPE, target=2, mapping=CHOICES, by=head, now=LATER)
    with pytest.raises(Refused) as refused:
        begin_act(act_id=act.pk, by=head, now=LATER)
    assert refused.value.code == "reason_missing"
    change_move(act_id=act.pk, mapping={}, reason="x", by=head, now=LATER)
    carried_out(act, head)
    for again in (
        lambda: begin_act(act_id=act.pk, by=head, now=LATER),
        lambda: change_move(act_id=act.pk, mapping={}, by=head, now=LATER),
        lambda: drop_act(act_id=act.pk, by=head),
    ):
        with pytest.raises(Conflict):
            again()
    undone(act, head)
    with pytest.raises(Conflict):
        begin_undo(act_id=act.pk, reason="x", by=head, now=LATER)


def test_a_prepared_act_can_be_dropped(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 2, head)
    publish_second()
    drop_act(act_id=plan_move(scope=SCOPE, target=2, by=head, now=LATER).pk, by=head)
    assert not BulkAct.objects.exists()


def test_the_mapping_shows_where_deals_stand(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 8, head)
    publish_second()
    lines = {one.proposal.element: one for one in mapping_of(plan_move(scope=SCOPE, target=2, by=head, now=LATER))}
    assert (lines["contract"].instances, lines["contract"].target) == (2, None)
    assert ("draft", "Prepare the contract") in lines["contract"].options
    assert lines["remind"].instances == 0


def _version(number: int) -> int:
    from kniga.processes.models import ProcessVersion

    return ProcessVersion.objects.get(process__key=KEY, number=number).pk


def _other_branch() -> Any:
    from kniga.people.models import Branch

    return Branch.objects.create(name="Far away")


LOOP = (
    '<userTask id="{id}" name="{name}" kniga:kind="call" kniga:assignee="owner"><extensionElements>'
    '<kniga:deadline duration="P1D"/><kniga:script>Do it.</kniga:script><kniga:outcome key="ok" label="ok"/>'
    '</extensionElements><multiInstanceLoopCharacteristics isSequential="false"><loopCardinality>2</loopCardinality>'
    "</multiInstanceLoopCharacteristics></userTask>"
)
MESSAGE = '<message id="paid" name="paid" kniga:correlation="deal"/>'


def whole(key: str, id: str, name: str, *, hears: bool) -> bytes:
    """A step for each of two, beside a wait for a message (only if it `hears`)."""
    waits = '<receiveTask id="wait" name="Wait" messageRef="paid"/>' if hears else step("wait", "Wait", "deal")
    return book(
        key,
        f"""<startEvent id="s"/>{LOOP.format(id=id, name=name)}{waits}<endEvent id="e" kniga:result="won"/>
        <boundaryEvent id="late" attachedToRef="{id}" cancelActivity="false"><timerEventDefinition>
        <timeDuration>P5D</timeDuration></timerEventDefinition></boundaryEvent>{step("chase", "Chase", "deal")}
        <endEvent id="e2"/>
        <flows>
        s -> {id}
        {id} -> wait
        wait -> e
        late -> chase
        chase -> e2
        </flows>""",
        around=MESSAGE if hears else "",
        extra=STAGES,
    )


def started(xml: bytes) -> Instance:
    version = publish(xml)
    (deal,) = Deal.objects.all()[:1] or open_deals([User.objects.get(name="First")], 1)
    with transaction.atomic():
        start_many(version_id=version.pk, entries=[(deal.pk, None)], actor_id=None, now=NOW)
    return Instance.objects.get(deal=deal)


def test_the_bodies_of_a_loop_keep_what_they_are_done_for(db: None) -> None:
    head, _first, _second = two_teams()
    run_deals([], 0, head)
    started(whole(KEY, "each", "Ask each", hears=False))
    before = everything()
    publish(whole(KEY, "every", "Ask everybody", hears=False))
    version = ProcessVersion.objects.get(instances__isnull=False)
    act = plan_move(scope=Scope(KEY, version.number), target=version.number + 1, reason="x", by=head, now=LATER)
    assert carried_out(act, head) == {"done": 1}
    names = sorted(Task.objects.filter(status="open").values_list("name", flat=True))
    assert names == ["Ask everybody: 1", "Ask everybody: 2"]
    assert replays() == []
    assert undone(act, head) == {"undone": 1}
    assert everything() == before
    assert replays() == []


def test_who_would_wait_for_ever_where_branches_meet_cannot_go_over(db: None) -> None:
    def parallel(*branches: str) -> bytes:
        steps = "".join(step(one, one, "contact") for one in (*branches, "last"))
        flows = "".join(f"split -> {one}\n{one} -> met\n" for one in branches)
        return book(
            KEY,
            f"""<startEvent id="start"/><parallelGateway id="split"/><parallelGateway id="met" name="All done"/>{steps}
            <endEvent id="won" kniga:result="won"/>
            <flows>
            start -> split
            {flows}met -> last
            last -> won
            </flows>""",
            extra=STAGES,
        )

    head, rep, _other = two_teams()
    first = publish(parallel("call", "visit"))
    deal_ids = [deal.pk for deal in open_deals([rep], 2)]
    with transaction.atomic():
        start_many(version_id=first.pk, entries=[(id, None) for id in deal_ids], actor_id=None, now=NOW)
    for task in Task.objects.filter(deal_id=deal_ids[1]).order_by("pk"):
        complete_task(task_id=task.pk, outcome="ok", answers={}, by=rep, now=NOW)
    publish(parallel("call", "visit", "check"))
    before = everything()
    act = plan_move(scope=SCOPE, target=2, reason="new book", by=head, now=LATER)
    stays, fits = act.rows.order_by("instance_id").values_list("status", "why")
    assert (stays[0], stays[1]["code"], stays[1]["params"]) == ("cannot", "move_strands", {"join": "All done"})
    assert "All done" in why_in_words(stays[1], {})
    assert fits == ("fits", None)
    assert everything() == before
    assert carried_out(act, head) == {"done": 1, "cannot": 1}
    assert replays() == []


def test_who_waits_for_something_else_cannot_go_over(db: None) -> None:
    head, _first, _second = two_teams()
    run_deals([], 0, head)
    instance = started(whole(KEY, "each", "Ask each", hears=True))
    for task in Task.objects.filter(instance=instance):
        complete_task(task_id=task.pk, outcome="ok", answers={}, by=head, now=NOW)
    publish(whole(KEY, "each", "Ask each", hears=False))
    number = instance.version.number
    act = plan_move(scope=Scope(KEY, number), target=number + 1, reason="x", by=head, now=LATER)
    (row,) = act_rows(user=None, act=act).rows
    assert row.status == "choice" and row.why == {"code": "no_target", "elements": ["wait"]}
