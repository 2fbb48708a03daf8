"""Many running deals at once: stopped, paused, resumed, sent to a step; with a preview, and undone as a whole."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from kniga.people.models import User
from kniga.platform.errors import Conflict, Refused
from kniga.platform.models import Event
from kniga.processes.acts import acting
from kniga.processes.acts.act_planning import plan_act
from kniga.processes.acts.act_queries import act_counts, act_rows, acts_of_process
from kniga.processes.acts.acting import begin_act, carry_out, forsaken_acts
from kniga.processes.acts.scopes import Scope, load_scope
from kniga.processes.diagrams.instance_queries import count_running, running_instances, standing_on
from kniga.processes.jobs import carry_out_act, queue_act, queue_undo, take_up_forsaken_acts
from kniga.processes.models import BulkAct, Instance, Task, Timer
from kniga.processes.services import complete_task, start_process, suspend_instance
from tests.processes.conftest import NOW
from tests.processes.moving import KEY, publish_second, run_deals, two_teams
from tests.processes.test_moving_running_deals import LATER, carried_out, everything, replays, undone

ALL = Scope(KEY)


def plan(kind: str, by: User, scope: Scope = ALL, element: str = "") -> BulkAct:
    return plan_act(kind=kind, scope=scope, reason="the market", element=element, by=by, now=LATER)


def test_what_is_stopped_comes_back_exactly(db: None) -> None:
    head, first, second = two_teams()
    run_deals([first, second], 16, head)
    before = everything()
    act = plan("cancel", head, Scope(KEY, element="offer"))
    assert everything() == before
    assert carried_out(act, head) == {"done": 4}
    assert Instance.objects.filter(status="cancelled", reason="the market").count() == 4
    assert not Timer.objects.filter(status="scheduled").exists()
    assert replays() == []
    assert undone(act, head) == {"undone": 4}
    assert everything() == before
    assert replays() == []


def test_what_is_sent_to_a_step_comes_back_exactly(db: None) -> None:
    head, first, second = two_teams()
    run_deals([first, second], 16, head)
    before = everything()
    act = plan("send", head, element="offer")
    assert carried_out(act, head) == {"done": 16}
    assert set(Task.objects.filter(status="open").values_list("element", flat=True)) == {"offer"}
    assert Task.objects.filter(status="open").count() == 16
    assert replays() == []
    assert undone(act, head) == {"undone": 16}
    assert everything() == before
    assert replays() == []


def test_pausing_and_resuming_are_done_as_sets(db: None, sql_log: object) -> None:
    head, first, second = two_teams()
    run_deals([first, second], 12, head)
    one = Instance.objects.earliest("pk")
    suspend_instance(instance_id=one.pk, reason="x", by=head, now=NOW)
    act = plan("suspend", head)
    assert {key: number for key, number in act_counts(act).items() if number} == {"fits": 11, "cannot": 1}
    assert [row.instance_id for row in act_rows(user=None, act=act, status="cannot").rows] == [one.pk]
    assert carried_out(act, head)["done"] == 11
    assert Instance.objects.filter(status="suspended").count() == 12
    assert Event.objects.filter(kind="processes.instance.suspended", payload__act=act.pk).count() == 11
    resumed = plan("resume", head)
    assert carried_out(resumed, head) == {"done": 12}
    assert undone(resumed, head) == {"undone": 12}
    assert Instance.objects.filter(status="suspended").count() == 12
    assert undone(act, head)["kept"] == 11, "they have been resumed and paused since"
    assert replays() == []


def test_one_stopped_while_paused_is_stopped_and_comes_back_paused(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 1, head)
    suspend_instance(instance_id=Instance.objects.get().pk, reason="x", by=head, now=NOW)
    act = plan("cancel", head)
    carried_out(act, head)
    assert Instance.objects.get().status == "cancelled"
    undone(act, head)
    assert Instance.objects.get().status == "suspended"


def test_a_deal_that_runs_another_process_since_is_not_brought_back(db: None) -> None:
    head, first, _second = two_teams()
    (deal,) = run_deals([first], 1, head)
    act = plan("cancel", head)
    carried_out(act, head)
    start_process(deal_id=deal.pk, process_key=KEY, by=head, now=LATER)
    assert undone(act, head) == {"kept": 1}
    assert act_rows(user=None, act=act).rows[0].why == {"code": "other_process"}


def test_what_ends_meanwhile_is_left_out_and_says_so(db: None) -> None:
    head, first, _second = two_teams()
    deals = run_deals([first], 4, head)
    acts = [plan(kind, head) for kind in ("cancel", "suspend")]
    task = Task.objects.get(deal=deals[3], status="open")
    complete_task(task_id=task.pk, outcome="ok", answers={}, by=head, now=LATER)
    assert carried_out(acts[1], head) == {"done": 3, "refused": 1}
    assert carried_out(acts[0], head) == {"done": 3, "refused": 1}
    assert act_rows(user=None, act=acts[0], status="refused").rows[0].why == {"code": "not_running"}


def test_the_choice_narrows_by_everything(db: None) -> None:
    head, first, second = two_teams()
    run_deals([first, second], 16, head)
    far = NOW + timedelta(days=30)

    def number(**narrow: object) -> int:
        return count_running(user=head, scope=Scope(KEY, **narrow), now=far)  # type: ignore[arg-type]

    assert number() == 16
    assert number(version=2) == 0
    assert number(element="offer") == 4
    assert number(team_id=first.team_id) == number(owner_id=first.pk) == 8
    assert number(branch_id=head.branch_id) == 16
    assert number(is_overdue=True) == 16
    assert number(status="suspended") == 0
    assert count_running(user=first, scope=ALL, now=NOW) == 8
    assert count_running(user=None, scope=ALL, now=NOW) == 16
    assert count_running(user=None, scope=ALL, now=NOW, most=10) == 11, "more are not counted"
    scope = Scope(KEY, 1, "offer", is_overdue=True)
    assert load_scope(scope.stored()) == scope


def test_each_element_tells_who_stands_on_it(db: None) -> None:
    head, first, second = two_teams()
    run_deals([first, second], 8, head)
    now = NOW + timedelta(days=30)
    found = standing_on(user=head, scope=ALL, now=now)
    assert {key: (one.instances, one.overdue) for key, one in found.items()} == dict.fromkeys(
        ("call", "visit", "offer", "contract"), (2, 2)
    )
    assert found["call"].amount == Decimal(1_000 + 1_004) and found["call"].oldest == found["call"].median == NOW
    page = running_instances(user=head, scope=ALL, now=now, limit=5)
    assert len(page.rows) == 5 and page.next_cursor
    rest = running_instances(user=head, scope=ALL, now=now, cursor=page.next_cursor)
    assert len(rest.rows) == 3 and {row.id for row in rest.rows} & {row.id for row in page.rows} == set()
    assert page.rows[0].steps == ("Call the client",) and page.rows[0].is_overdue


def test_only_those_named_of_a_choice_are_meant(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 4, head)
    chosen = list(Instance.objects.order_by("pk").values_list("pk", flat=True))[:2]
    act = plan_act(kind="cancel", scope=ALL, reason="x", instance_ids=chosen, by=head, now=LATER)
    assert carried_out(act, head) == {"done": 2}


@pytest.mark.parametrize(
    ("kind", "reason", "element", "code"),
    [
        ("cancel", " ", "", "reason_missing"),
        ("send", "x", "", "unknown_element"),
        ("move", "x", "", "unknown_act"),
        ("nothing", "x", "", "unknown_act"),
    ],
)
def test_what_is_not_said_is_asked_for(db: None, kind: str, reason: str, element: str, code: str) -> None:
    head, first, _second = two_teams()
    run_deals([first], 1, head)
    with pytest.raises(Refused) as refused:
        plan_act(kind=kind, scope=ALL, reason=reason, element=element, by=head, now=LATER)
    assert refused.value.code == code
    assert not BulkAct.objects.exists()


def test_a_step_that_is_not_there_fits_nobody(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 1, head)
    act = plan("send", head, element="nowhere")
    assert act_rows(user=None, act=act).rows[0].why["code"] == "unknown_element"  # type: ignore[index]
    with pytest.raises(Refused) as refused:
        begin_act(act_id=act.pk, by=head, now=LATER)
    assert refused.value.code == "nothing_to_do"


def test_a_rep_acts_on_nobody(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 1, head)
    with pytest.raises(Refused) as refused:
        plan("cancel", first)
    assert refused.value.code == "not_allowed"


def test_a_worker_does_it_in_batches_and_another_goes_on_where_it_stopped(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 6, head)
    act = plan("cancel", head)
    queue_act(act_id=act.pk, by=head, now=LATER)
    told: list[tuple[int, int]] = []

    def dies(done: int, total: int) -> None:
        told.append((done, total))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(act_id=act.pk, clock=lambda: LATER, progress=dies, batch=2)
    assert told == [(2, 6)]
    assert forsaken_acts(now=LATER) == []
    assert forsaken_acts(now=LATER + timedelta(minutes=5)) == [act.pk]
    take_up_forsaken_acts(0)
    act.refresh_from_db()
    assert (act.status, act_counts(act)["done"]) == ("done", 6)
    carry_out_act(act.pk)
    queue_undo(act_id=act.pk, reason="x", by=head, now=LATER)
    carry_out_act(act.pk)
    assert act_counts(act)["undone"] == 6
    assert [one.pk for one in acts_of_process(user=head, process_key=KEY)] == [act.pk]


def test_somebody_who_is_faster_is_no_reason_to_stop(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    head, first, _second = two_teams()
    deals = run_deals([first], 4, head)
    act = plan("send", head, element="offer")
    begin_act(act_id=act.pk, by=head, now=LATER)
    read = acting.read_instances
    turns = iter([True])

    def first_somebody_moves(**asked: object) -> object:
        found = read(**asked)  # type: ignore[arg-type]
        if next(turns, False):
            task = Task.objects.get(deal=deals[0], status="open")
            complete_task(task_id=task.pk, outcome="ok", answers={}, by=head, now=LATER)
        return found

    monkeypatch.setattr(acting, "read_instances", first_somebody_moves)
    carry_out(act_id=act.pk, clock=lambda: LATER)
    assert act_counts(act)["done"] == 4
    assert set(Task.objects.filter(status="open").values_list("element", flat=True)) == {"offer"}
    assert replays() == []


def test_an_act_in_work_can_neither_be_begun_nor_undone(db: None) -> None:
    head, first, _second = two_teams()
    run_deals([first], 1, head)
    act = plan("cancel", head)
    with pytest.raises(Conflict):
        queue_undo(act_id=act.pk, reason="x", by=head, now=LATER)
    queue_act(act_id=act.pk, by=head, now=LATER)
    with pytest.raises(Conflict):
        queue_act(act_id=act.pk, by=head, now=LATER)
    carry_out_act(act.pk)
    with pytest.raises(Refused):
        queue_undo(act_id=act.pk, reason=" ", by=head, now=LATER)


def test_the_round_trips_do_not_grow_with_the_deals(db: None, sql_log: object) -> None:
    head, first, _second = two_teams()
    run_deals([first], 12, head)
    publish_second()
    lengths = []
    for scope in (Scope(KEY, element="call"), Scope(KEY)):
        act = plan("cancel", head, scope)
        begin_act(act_id=act.pk, by=head, now=LATER)
        with sql_log() as log:  # type: ignore[operator]
            carry_out(act_id=act.pk, clock=lambda: LATER)
        lengths.append(len(log))
    assert lengths[0] == lengths[1]
