"""A process started for many deals as an act: looked at first, carried out by a worker, taken back as a whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from kniga.clients.models import Client, Contact
from kniga.deals.models import Deal, Stage, StageVisit
from kniga.engine.runtime.elements.multi_instance import MOST_ITEMS
from kniga.people.models import Branch, User
from kniga.platform.errors import Refused
from kniga.processes.acts import start_acts
from kniga.processes.acts.act_planning import plan_start
from kniga.processes.acts.act_queries import act_counts, act_rows
from kniga.processes.acts.acting import begin_act, carry_out
from kniga.processes.acts.scopes import Scope
from kniga.processes.models import BulkAct, BulkActRow, Instance, Task
from kniga.processes.running.replaying import replay_all
from kniga.processes.services import complete_task, start_process
from kniga.processes.versions.publishing import retire_version
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW
from tests.processes.moving import KEY, open_deals, publish_first, publish_second, two_teams
from tests.processes.test_machine_work import EACH
from tests.processes.test_moving_running_deals import LATER, carried_out, undone


@pytest.fixture
def team(db: None) -> tuple[User, User, User]:
    publish_first()
    head, first, second = two_teams()
    open_deals([first, second], 8)
    return head, first, second


def plan(by: User, scope: Scope | None = None, element: str = "") -> BulkAct:
    return plan_start(scope=scope or Scope(KEY), element=element, reason="season", by=by, now=LATER)


def stages() -> list[tuple[int, str | None, datetime | None]]:
    return list(Deal.objects.order_by("pk").values_list("pk", "stage__key", "stage_since"))


def test_deals_that_run_nothing_are_started_and_taken_back(team: tuple[User, User, User]) -> None:
    head, first, _second = team
    running = Deal.objects.filter(owner=first).earliest("pk")
    start_process(deal_id=running.pk, process_key=KEY, by=head, now=NOW)
    Deal.objects.filter(pk=Deal.objects.latest("pk").pk).update(status="lost", closed_at=NOW)
    before, visits = stages(), list(StageVisit.objects.values())
    act = plan(head)
    assert (stages(), Instance.objects.count()) == (before, 1), "only looked at"
    assert act_counts(act)["fits"] == 6
    assert carried_out(act, head) == {"done": 6}
    assert Task.objects.filter(status="open", element="call").count() == 7
    assert act_rows(user=first, act=act).rows[0].steps == {"call": "Call the client"}
    assert undone(act, head) == {"undone": 6}
    assert stages() == before
    assert list(StageVisit.objects.values()) == visits
    assert Instance.objects.filter(status="running").count() == 1
    assert [one.problem for one in replay_all() if one.problem] == []


def test_what_has_gone_on_stays(team: tuple[User, User, User]) -> None:
    head, first, _second = team
    act = plan(head, Scope(KEY, owner_id=first.pk), "offer")
    assert carried_out(act, head) == {"done": 4}
    task = Task.objects.filter(element="offer", status="open").earliest("pk")
    complete_task(task_id=task.pk, outcome="ok", answers={}, by=head, now=LATER)
    assert undone(act, head) == {"undone": 3, "kept": 1}
    kept = act_rows(user=head, act=act, status="kept").rows[0]
    assert (kept.instance_id, kept.why) == (task.instance_id, {"code": "moved_on"})
    assert Instance.objects.get(pk=task.instance_id).status == "running"


def test_what_changed_meanwhile_is_left_and_says_so(team: tuple[User, User, User]) -> None:
    head, first, _second = team
    act = plan(head, Scope(KEY, team_id=first.team_id))
    started = Deal.objects.filter(owner=first).earliest("pk")
    start_process(deal_id=started.pk, process_key=KEY, by=head, now=LATER)
    assert carried_out(act, head) == {"done": 3, "refused": 1}
    assert act_rows(user=head, act=act, status="refused").rows[0].why["code"] == "already_running"  # type: ignore[index]


def test_a_deal_that_has_gone_to_another_branch_is_not_started(team: tuple[User, User, User]) -> None:
    head, first, _second = team
    act = plan(head, Scope(KEY, team_id=first.team_id))
    away = User.objects.create_user(
        "away@x.example", name="Away", role="rep", branch=Branch.objects.create(name="Away")
    )
    gone = Deal.objects.filter(owner=first).earliest("pk")
    Deal.objects.filter(pk=gone.pk).update(owner=away)
    assert carried_out(act, head) == {"done": 3, "refused": 1}
    assert not Instance.objects.filter(deal=gone).exists()


def test_another_version_is_not_started_in_its_place(team: tuple[User, User, User]) -> None:
    head, _first, _second = team
    act = plan(head)
    publish_second()
    assert carried_out(act, head) == {"refused": 8}
    assert not Instance.objects.exists()


def test_carried_out_twice_it_starts_once(team: tuple[User, User, User]) -> None:
    head, _first, _second = team
    act = plan(head)
    begin_act(act_id=act.pk, by=head, now=LATER)
    for _turn in range(2):
        carry_out(act_id=act.pk, clock=lambda: LATER, batch=3)
    assert Instance.objects.count() == 8


def test_what_may_not_be_started_is_refused(team: tuple[User, User, User]) -> None:
    head, first, _second = team
    unknown = plan(head, element="nowhere")
    assert {row.why["code"] for row in act_rows(user=head, act=unknown).rows if row.why} == {"unknown_element"}
    with pytest.raises(Refused) as refused:
        plan(first)
    assert refused.value.code == "not_allowed"
    with pytest.raises(Refused) as refused:
        plan_start(scope=Scope(KEY), reason=" ", by=head, now=LATER)
    assert refused.value.code == "reason_missing"
    with pytest.raises(Refused) as refused:
        plan(head, Scope(KEY, owner_id=head.pk))
    assert refused.value.code == "nothing_to_do"
    version = unknown.version
    assert version is not None
    retire_version(version_id=version.pk, by=head, now=NOW)
    with pytest.raises(Refused) as refused:
        plan(head)
    assert refused.value.code == "not_published"


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """What starting and taking back write, but for ids."""
    acted, tasks = BulkActRow.objects.order_by("deal_id"), Task.objects.order_by("deal_id")
    befores = [{**row.before, "since": datetime.fromisoformat(row.before["since"])} for row in acted if row.before]
    return {
        "deals": list(Deal.objects.order_by("pk").values_list("stage__key", "stage_since", "revision", "updated_at")),
        "visits": list(
            StageVisit.objects.order_by("deal_id", "entered_at", "pk").values_list(
                "deal_id", "stage__key", "entered_at", "left_at", "exit", "amount", "owner"
            )
        ),
        "tasks": list(tasks.values_list("deal_id", "element", "status", "assignee", "due_at")),
        "instances": list(Instance.objects.order_by("deal_id").values_list("deal_id", "status", "revision", "reason")),
        "rows": list(acted.values_list("deal_id", "status", "revision", "acted_at", "why")),
        "befores": [(one["stage"], one["since"], bool(one["visit"])) for one in befores],
    }  # fmt: skip


def test_started_as_a_set_deals_stand_as_started_one_by_one(
    team: tuple[User, User, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    head, _first, _second = team
    last = Stage.objects.get(key="deal", pipeline__key=KEY)
    for deal in Deal.objects.all():
        Deal.objects.filter(pk=deal.pk).update(stage=last, stage_since=NOW)
        StageVisit.objects.create(deal=deal, stage=last, owner=deal.owner, entered_at=NOW, amount=1)
    found = []
    for is_alone in (False, True):
        with monkeypatch.context() as patched, transaction.atomic():
            if is_alone:
                refuse = Refused("odd", "one by one")
                patched.setattr(start_acts, "_start_together", raising(refuse))
                patched.setattr(start_acts, "_stop_together", raising(refuse))
            act = plan(head)
            assert carried_out(act, head) == {"done": 8}
            found.append(everything())
            assert set(StageVisit.objects.filter(stage=last).values_list("exit", flat=True)) == {"back"}
            assert undone(act, head) == {"undone": 8}
            found.append(everything())
            assert [one.problem for one in replay_all() if one.problem] == []
            transaction.set_rollback(True)
    assert found[0] == found[2]
    assert found[1] == found[3]


def test_who_no_longer_sees_a_deal_does_not_take_its_start_back(team: tuple[User, User, User]) -> None:
    head, first, second = team
    act = plan(head)
    assert carried_out(act, head) == {"done": 8}
    start_acts.undo_starts(act, list(act.rows.all()), first, LATER)
    why = {(row.deal and row.deal.owner_id, row.status, row.why and row.why["code"]) for row in act.rows.all()}
    assert why == {(first.pk, "undone", None), (second.pk, "kept", "not_seen")}


def raising(error: Exception) -> Callable[..., Any]:
    def fall_over(*_arguments: Any) -> Any:
        raise error

    return fall_over


def test_twenty_times_the_deals_take_no_more_statements(team: tuple[User, User, User], sql_log: Any) -> None:
    head, first, second = team
    plan(head).delete()
    counts = []
    for number in (8, 160):
        open_deals([first, second], number, first_number=5_000 * number)
        with sql_log() as planning:
            act = plan(head)
        with sql_log() as starting:
            assert carried_out(act, head)["done"] >= number
        with sql_log() as stopping:
            assert undone(act, head)["undone"] >= number
        counts.append((len(planning), len(starting), len(stopping)))
    assert counts[0] == counts[1]


def test_each_path_of_an_act_goes_its_own_way(team: tuple[User, User, User]) -> None:
    head, _first, _second = team
    flow = (
        '<sequenceFlow id="f_{to}" sourceRef="g" targetRef="{to}"><conditionExpression xsi:type="tFormalExpression"'
        ' language="urn:kniga:rules:1">{{"field":"deal.amount","op":"ge","value":"{least}"}}</conditionExpression>'
        "</sequenceFlow>"
    )
    each = task("each").replace("</userTask>", f"{EACH}</userTask>")
    publish(
        book(
            KEY,
            f'<startEvent id="start"/><exclusiveGateway id="g" default="g_each"/>{task("ask")}{each}'
            '<endEvent id="won" kniga:result="won"/><endEvent id="end"/>'
            + flow.format(to="won", least=1007) + flow.format(to="ask", least=1001)
            + "<flows>\nstart -> g\ng -> each\neach -> end\nask -> end\n</flows>",
        )
    )  # fmt: skip
    act = plan(head)
    assert act_counts(act)["fits"] == 8
    big = Client.objects.create(name="Big", name_key="big", match_key="big", created_at=NOW, updated_at=NOW)
    Contact.objects.bulk_create(Contact(client=big, name=f"C{n}", name_key=f"c{n}") for n in range(MOST_ITEMS + 1))
    Deal.objects.filter(amount=1000).update(client=big)
    assert carried_out(act, head) == {"done": 7, "refused": 1}
    assert [row.why and row.why["code"] for row in act_rows(user=head, act=act, status="refused").rows] == [
        "too_many_items"
    ]
    assert Deal.objects.get(amount=1007).status == "won"
    assert Instance.objects.filter(status="running").count() == 6
    assert undone(act, head) == {"undone": 6, "kept": 1, "refused": 1}
