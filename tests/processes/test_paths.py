"""The path of a deal: what it stood on in which order, how long, by whom, along which flows; over moves and undoing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from kniga.deals.models import Deal
from kniga.engine import compile_bpmn
from kniga.people.models import User
from kniga.processes.acts.act_planning import plan_act, plan_move
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out
from kniga.processes.acts.scopes import Scope
from kniga.processes.diagrams.path_following import Told, Way, ways_gone
from kniga.processes.diagrams.path_queries import PathPart, path_of_deal
from kniga.processes.models import BulkAct, Task
from kniga.processes.services import cancel_instance, complete_task
from tests.processes.books import book, task
from tests.processes.conftest import NOW
from tests.processes.moving import KEY, publish_second, run_deals, two_teams

LATER = NOW + timedelta(days=1)
LOOPED = compile_bpmn(
    book(
        "looped",
        f"""<startEvent id="s"/>{task("a", "ok", "again")}
        <exclusiveGateway id="g" default="g_b"/>
        <intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>
        </intermediateCatchEvent>
        <subProcess id="sub"><startEvent id="s2"/>{task("c")}<endEvent id="e2"/>
        <sequenceFlow id="s2_c" sourceRef="s2" targetRef="c"/><sequenceFlow id="c_e2" sourceRef="c" targetRef="e2"/>
        </subProcess>
        {task("b")}<endEvent id="e"/>
        <sequenceFlow id="g_a" sourceRef="g" targetRef="a"><conditionExpression
        language="urn:kniga:rules:1">{{"field": "outcome", "type": "choice", "op": "eq", "value": "again"}}
        </conditionExpression>
        </sequenceFlow>
        <flows>
        s -> a
        a -> g
        g -> b
        b -> wait
        wait -> sub
        sub -> e
        </flows>""",
    )
)


@pytest.fixture
def team(db: None) -> tuple[User, User, User]:
    return two_teams()


def parts_of(deal: Deal, user: User) -> list[PathPart]:
    return list(path_of_deal(user=user, deal=deal))


def seen(part: PathPart | Way) -> list[tuple[str, str]]:
    return [(visit.element, visit.how) for visit in part.visits]


def finish(deal: Deal, by: User, hours: int) -> None:
    task = Task.objects.filter(deal=deal, status="open").earliest("pk")
    complete_task(task_id=task.pk, outcome="ok", answers={}, by=by, now=LATER + timedelta(hours=hours))


def moved(head: User, scope: Scope, mapping: Mapping[str, str | None]) -> BulkAct:
    act = plan_move(scope=scope, target=2, reason="new book", mapping=mapping, by=head, now=LATER)
    begin_act(act_id=act.pk, by=head, now=LATER)
    return carry_out(act_id=act.pk, clock=lambda: LATER)


def test_a_deal_is_followed_from_its_start_to_its_end(team: tuple[User, User, User]) -> None:
    head, first, _second = team
    deal = run_deals([first], 4, head)[3]
    (part,) = parts_of(deal, first)
    assert seen(part) == [("start", "passed"), ("call", "done"), ("visit", "done"), ("offer", "done"),
                          ("contract", "here")]  # fmt: skip
    assert [visit.by for visit in part.visits] == ["", head.name, head.name, head.name, first.name]
    assert part.visits[1].outcome == "ok" and part.visits[1].left_at == NOW + timedelta(hours=1)
    assert part.passed == {"start_call", "call_visit", "visit_offer", "offer_contract"}
    finish(deal, head, 1)
    (part,) = parts_of(deal, first)
    assert seen(part)[-2:] == [("contract", "done"), ("won", "ended")]
    assert (part.status, part.result) == ("ended", "won") and "contract_won" in part.passed


def test_a_move_ends_one_part_and_begins_another_and_its_undoing_takes_that_back(
    team: tuple[User, User, User],
) -> None:
    head, first, _second = team
    deal = run_deals([first], 3, head)[2]
    publish_second()
    before = parts_of(deal, head)
    act = moved(head, Scope(KEY, 1), {"visit": "call", "contract": "draft"})
    old, new = parts_of(deal, head)
    assert (old.version, old.status, new.version, new.status) == (1, "moved", 2, "running")
    assert seen(old)[-1] == ("offer", "moved") and seen(new) == [("proposal", "here")]
    assert new.visits[0].by == first.name and new.passed == frozenset()
    begin_undo(act_id=act.pk, reason="too early", by=head, now=LATER)
    carry_out(act_id=act.pk, clock=lambda: LATER)
    assert parts_of(deal, head) == before
    moved(head, Scope(KEY, 1), {"visit": "call", "contract": "draft"})
    finish(deal, head, 1)
    _old, new = parts_of(deal, head)
    assert seen(new) == [("proposal", "done"), ("draft", "here")] and new.passed == {"proposal_draft"}


def test_who_was_sent_to_a_step_came_along_no_flow(team: tuple[User, User, User]) -> None:
    head, first, _second = team
    deal = run_deals([first], 1, head)[0]
    act = plan_act(kind="send", scope=Scope(KEY), reason="x", element="contract", by=head, now=LATER)
    begin_act(act_id=act.pk, by=head, now=LATER)
    carry_out(act_id=act.pk, clock=lambda: LATER)
    (part,) = parts_of(deal, head)
    assert seen(part)[1:] == [("call", "cancelled"), ("contract", "here")]
    assert part.passed == {"start_call"}
    cancel_instance(instance_id=part.instance_id, reason="x", by=head, now=LATER)
    (part,) = parts_of(deal, head)
    assert seen(part)[-1] == ("contract", "cancelled") and part.status == "cancelled"


def test_a_deal_without_a_process_has_no_path(team: tuple[User, User, User]) -> None:
    head, first, _second = team
    deal = run_deals([first], 1, head)[0]
    bare = Deal.objects.create(
        number=9, name="Bare", name_key="bare", owner=first, pipeline=deal.pipeline, amount=1, currency="RUB",
        opened_at=NOW, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    assert parts_of(bare, head) == []


def test_loops_timers_and_sub_processes_are_followed() -> None:
    def told(kind: str, **payload: Any) -> Told:
        return Told(f"processes.{kind}", payload, NOW, "Vera", 1)

    (way,) = ways_gone(
        [
            told("instance.started", element="s"),
            told("task.created", token=1, element="a"),
            told("task.completed", token=1, element="a", outcome="again"),
            told("task.created", token=2, element="a"),
            told("task.completed", token=2, element="a", outcome="ok"),
            told("task.created", token=3, element="b"),
            told("task.completed", token=3, element="b", outcome="ok"),
            told("timer.fired", token=4, element="wait", timer="wait", interrupting=True),
            told("scope.entered", token=5, element="sub"),
            told("task.created", token=6, element="c"),
            told("task.completed", token=6, element="c", outcome="ok"),
            told("scope.left", token=5, element="sub", how="done"),
            told("instance.ended", element="e", result="other"),
        ],
        {1: LOOPED},
    )
    assert [visit.element for visit in way.visits] == ["s", "a", "a", "b", "wait", "c", "e"]
    assert way.passed == {
        "s_a", "a_g", "g", "g_a", "g_b", "b_wait", "wait_sub", "sub", "s2", "s2_c", "sub_e",
    }  # fmt: skip


def test_where_a_deal_waits_without_a_person_is_on_its_path_too(team: tuple[User, User, User]) -> None:
    head, first, _second = team
    pause = (
        '<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>P1D</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>"
    )
    flows = "<flows>\nstart -> a\na -> wait\nwait -> b\nb -> won\n</flows>"
    ends = f'<startEvent id="start"/>{task("a")}{pause}{task("b")}<endEvent id="won" kniga:result="won"/>{flows}'
    deal = run_deals([first], 1, head, xml=book(KEY, ends))[0]
    finish(deal, head, 1)
    (part,) = parts_of(deal, head)
    assert seen(part) == [("start", "passed"), ("a", "done"), ("wait", "here")]
    assert part.visits[-1].entered_at is None, "nothing tells since when"
    assert part.passed == {"start_a", "a_wait"}


def test_what_the_machine_did_at_once_is_walked_and_told() -> None:
    found = compile_bpmn(
        book(
            "pointed",
            f"""<startEvent id="s"/>{task("a")}<serviceTask id="points" name="Points"><extensionElements>
            <kniga:action name="rescore"><kniga:param name="answer" value="score"/><kniga:points value="5">
            <kniga:condition>{{"field": "deal.amount", "type": "money", "op": "gt", "value": "1"}}</kniga:condition>
            </kniga:points></kniga:action></extensionElements></serviceTask>
            <serviceTask id="note"><extensionElements><kniga:action name="set_field"><kniga:param name="field"
            value="deal.amount"/><kniga:param name="value" value="7"/></kniga:action></extensionElements></serviceTask>
            {task("b")}<endEvent id="e"/><flows>
            s -> a
            a -> points
            points -> note
            note -> b
            b -> e
            </flows>""",
        )
    )
    told = [
        ("processes.instance.started", {"element": "s"}),
        ("processes.task.created", {"element": "a", "token": 1}),
        ("processes.task.completed", {"element": "a", "token": 1, "outcome": "ok"}),
        ("processes.decision.made", {"element": "points"}),
        ("processes.task.created", {"element": "b", "token": 2}),
    ]
    (way,) = ways_gone([Told(kind, payload, NOW, "", 1) for kind, payload in told], {1: found})
    assert seen(way)[1:] == [("a", "done"), ("points", "acted"), ("note", "acted"), ("b", "here")]
