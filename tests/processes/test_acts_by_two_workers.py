"""Two workers at one act, and people who go on working meanwhile: each deal is done once, and everything replays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, connection

from kniga.platform.errors import Conflict, Refused
from kniga.platform.models import Event
from kniga.processes.acts import acting
from kniga.processes.acts.act_planning import plan_act, plan_move, plan_start
from kniga.processes.acts.act_queries import act_counts
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out
from kniga.processes.acts.scopes import Scope
from kniga.processes.models import BulkAct, Instance, Task
from kniga.processes.running.replaying import replay_all
from kniga.processes.services import complete_task, start_process
from tests.processes.moving import KEY, open_deals, publish_first, publish_second, run_deals, two_teams
from tests.processes.test_moving_running_deals import CHOICES, LATER


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    """Run the works in threads of their own; what they raised."""
    raised: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def worker(act: BulkAct) -> Callable[[], object]:
    return lambda: carry_out(act_id=act.pk, clock=lambda: LATER, batch=5)


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_each_deal_once() -> None:
    head, first, second = two_teams()
    run_deals([first, second], 24, head)
    publish_second()
    act = plan_move(scope=Scope(KEY, 1), target=2, reason="x", mapping=CHOICES, by=head, now=LATER)
    begin_act(act_id=act.pk, by=head, now=LATER)
    assert at_once(worker(act), worker(act)) == []
    assert act_counts(act)["done"] == 24
    assert Event.objects.filter(kind="processes.instance.moved").count() == 24
    assert Event.objects.filter(kind="processes.act.carried_out").count() == 1
    begin_undo(act_id=act.pk, reason="x", by=head, now=LATER)
    assert at_once(worker(act), worker(act)) == []
    assert act_counts(act)["undone"] == 24
    assert Event.objects.filter(kind="processes.act.undone").count() == 24
    assert [one.problem for one in replay_all() if one.problem] == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_start_each_deal_once_while_people_start_some() -> None:
    head, first, second = two_teams()
    publish_first()
    deals = open_deals([first, second], 24)
    act = plan_start(scope=Scope(KEY), reason="x", by=head, now=LATER)
    begin_act(act_id=act.pk, by=head, now=LATER)

    def people() -> None:
        for deal in deals[::-4]:
            with suppress(Refused):
                start_process(deal_id=deal.pk, process_key=KEY, by=head, now=LATER)

    assert at_once(worker(act), worker(act), people) == []
    counts = act_counts(act)
    assert counts["done"] + counts["refused"] == 24 == Instance.objects.count()
    why = [row.why and row.why["code"] for row in act.rows.filter(status="refused")]
    assert set(why) <= {"already_running"}
    begin_undo(act_id=act.pk, reason="x", by=head, now=LATER)
    assert at_once(worker(act), worker(act)) == []
    assert act_counts(act)["undone"] == counts["done"]
    assert Instance.objects.filter(status="running").count() == counts["refused"]
    assert [one.problem for one in replay_all() if one.problem] == []


@pytest.mark.django_db(transaction=True)
def test_people_go_on_while_deals_are_moved() -> None:
    head, first, second = two_teams()
    run_deals([first, second], 24, head)
    publish_second()
    act = plan_move(scope=Scope(KEY, 1), target=2, reason="x", mapping=CHOICES, by=head, now=LATER)
    begin_act(act_id=act.pk, by=head, now=LATER)
    sent = plan_act(kind="send", scope=Scope(KEY, element="call"), reason="x", element="call", by=head, now=LATER)
    begin_act(act_id=sent.pk, by=head, now=LATER)
    tasks = list(Task.objects.filter(status="open").order_by("-pk").values_list("pk", flat=True)[:12])

    def people() -> None:
        for task_id in tasks:
            with suppress(Conflict):
                complete_task(task_id=task_id, outcome="ok", answers={}, by=head, now=LATER)

    raised = at_once(worker(act), worker(sent), people)
    assert [error for error in raised if not isinstance(error, Refused)] == []
    assert act_counts(act)["fits"] == act_counts(sent)["fits"] == 0
    running = Instance.objects.filter(status="running")
    assert Task.objects.filter(status="open").count() == running.count()
    assert set(running.values_list("version__number", flat=True)) == {2}
    assert [one.problem for one in replay_all() if one.problem] == []


@pytest.mark.django_db
@pytest.mark.parametrize("error", [Conflict("busy", "Somebody works on it."), OperationalError("deadlock")])
def test_a_deal_at_which_somebody_works_is_tried_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    head, first, _second = two_teams()
    run_deals([first], 2, head)
    publish_second()
    act = plan_move(scope=Scope(KEY, 1), target=2, reason="x", mapping=CHOICES, by=head, now=LATER)
    begin_act(act_id=act.pk, by=head, now=LATER)
    call, troubles = acting._call, [error, error]

    def troubled(sql: str, parameters: list[Any]) -> Any:
        if "bulk_step" in sql and troubles:
            raise troubles.pop()
        return call(sql, parameters)

    monkeypatch.setattr(acting, "_call", troubled)
    carry_out(act_id=act.pk, clock=lambda: LATER)
    assert act_counts(act)["done"] == 2
