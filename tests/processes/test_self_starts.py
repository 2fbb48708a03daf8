"""Processes that begin by themselves, for the deals of their funnel that run nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from procrastinate.contrib.django.models import ProcrastinateJob

from kniga.clients.models import Client, Contact
from kniga.deals.models import Deal, Pipeline
from kniga.engine.runtime.elements.multi_instance import MOST_ITEMS
from kniga.platform.errors import Refused
from kniga.platform.models import Event
from kniga.processes.acts.acting import begin_undo, carry_out
from kniga.processes.background import self_starts
from kniga.processes.background.pump import run_due
from kniga.processes.background.sweeping import nearest_due
from kniga.processes.correlation.signals import broadcast_signal
from kniga.processes.models import BulkAct, Instance, Message, ScheduledStart, Task
from kniga.processes.running.bulk import start_many
from kniga.processes.running.replaying import replay_all
from kniga.processes.services import cancel_instance, start_process
from kniga.processes.versions.publishing import publish_version, retire_version, upload_version
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department
from tests.processes.test_machine_work import EACH
from tests.processes.test_workers_at_once import many_deals

FLOWS = "<flows>\nstart -> ask\nask -> end\n</flows>"
DAY = timedelta(days=1)


def beginning(trigger: str, around: str = "", attributes: str = "") -> bytes:
    start = f'<startEvent id="start" {attributes}>{trigger}</startEvent>'
    return book("yearly", f'{start}{task("ask")}<endEvent id="end"/>{FLOWS}', around=around)


def to_funnel(deals: list[int]) -> None:
    Deal.objects.filter(pk__in=deals).update(pipeline=Pipeline.objects.get(key="yearly"))


def test_a_cycle_begins_for_every_idle_deal_of_the_funnel_as_often_as_it_says(department: Department) -> None:
    cycle = "<timerEventDefinition><timeCycle>R3/P1D</timeCycle></timerEventDefinition>"
    publish(beginning(cycle, attributes='kniga:calendar="absolute"'))
    deals = many_deals(department, 4)
    to_funnel(deals[:3])
    Deal.objects.filter(pk=deals[2]).update(status="lost", closed_at=NOW)
    assert nearest_due() == NOW + DAY
    assert run_due(now=NOW + DAY - timedelta(minutes=1)) == 0
    run_due(now=NOW + DAY)
    assert sorted(Instance.objects.values_list("deal_id", flat=True)) == deals[:2]
    assert Task.objects.filter(element="ask", assignee=department.rep).count() == 2
    first = Instance.objects.order_by("pk")[0]
    cancel_instance(instance_id=first.pk, reason="Again", by=department.head, now=NOW + DAY)
    run_due(now=NOW + 10 * DAY)
    assert Instance.objects.count() == 3, "what was missed comes once, for the deal that is idle"
    assert not ScheduledStart.objects.exists(), "three times are over"


def test_a_start_for_many_deals_goes_on_where_it_stopped(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_starts, "AT_ONCE", 2)
    publish(beginning("<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>"))
    deals = many_deals(department, 5)
    to_funnel(deals)
    begin, calls = self_starts._begin, 0

    def fall_over(*arguments: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise DatabaseError("the lights go out")
        return begin(*arguments)

    monkeypatch.setattr(self_starts, "_begin", fall_over)
    with pytest.raises(ExceptionGroup, match="due work broke"):
        run_due(now=NOW + 2 * DAY)
    assert Instance.objects.count() == 2 and ScheduledStart.objects.get().reached == deals[1]
    run_due(now=NOW + 2 * DAY)
    assert sorted(Instance.objects.values_list("deal_id", flat=True)) == deals
    assert calls == 4, "two and two of what was left"
    assert ScheduledStart.objects.get().reached == 0


def test_publishing_another_version_sets_its_own_start(department: Department) -> None:
    once = "<timerEventDefinition><timeDate>2026-04-01T10:00:00+03:00</timeDate></timerEventDefinition>"
    publish(beginning(once))
    assert ScheduledStart.objects.get().left == 1
    publish(beginning(""))
    assert not ScheduledStart.objects.exists()


def test_a_signal_begins_the_processes_that_start_with_it(department: Department) -> None:
    publish(beginning('<signalEventDefinition signalRef="fair"/>', '<signal id="fair" name="fair"/>'))
    deals = many_deals(department, 4)
    to_funnel(deals)
    started = start_process(deal_id=deals[0], process_key="yearly", by=department.rep, now=NOW, element="ask")
    broadcast_signal(name="fair", by=department.head, now=NOW)
    run_due(now=NOW)
    act = BulkAct.objects.get()
    assert (act.kind, act.status, act.created_by, "fair" in act.reason) == ("start", "running", department.head, True)
    assert Instance.objects.get().pk == started.instance_id, "the act is for a worker, not for whoever carries signals"
    start_process(deal_id=deals[1], process_key="yearly", by=department.rep, now=NOW, element="ask")
    seen: list[tuple[int, int]] = []
    carry_out(act_id=act.pk, clock=lambda: NOW, progress=lambda done, of: seen.append((done, of)), batch=1)
    assert seen[:3] == [(1, 3), (2, 3), (3, 3)]
    assert sorted(Instance.objects.values_list("deal_id", flat=True)) == deals
    why = {row.deal_id: (row.status, row.why and row.why["code"]) for row in act.rows.all()}
    assert why == {deals[1]: ("refused", "already_running"), deals[2]: ("done", None), deals[3]: ("done", None)}
    begin_undo(act_id=act.pk, reason="A wrong button", by=department.head, now=NOW)
    carry_out(act_id=act.pk, clock=lambda: NOW)
    assert Instance.objects.filter(status="running").count() == 2


def test_an_act_of_a_signal_is_queued_once_it_can_be_read(
    department: Department, django_capture_on_commit_callbacks: Any
) -> None:
    publish(beginning('<signalEventDefinition signalRef="fair"/>', '<signal id="fair" name="fair"/>'))
    broadcast_signal(name="fair", now=NOW)
    run_due(now=NOW)
    assert not BulkAct.objects.exists(), "there is no deal to begin for"
    to_funnel([department.deal.pk])
    broadcast_signal(name="fair", now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        run_due(now=NOW)
    job = ProcrastinateJob.objects.get(task_name="kniga.processes.jobs.carry_out_act")
    assert (job.queue_name, job.args) == ("acts", {"act_id": BulkAct.objects.get().pk})


def test_a_retired_version_begins_no_more(department: Department) -> None:
    cycle = "<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>"
    version = publish(beginning(cycle))
    to_funnel([department.deal.pk])
    left = ScheduledStart.objects.get()
    retire_version(version_id=version.pk, by=department.head, now=NOW)
    assert not ScheduledStart.objects.exists()
    left.save(force_insert=True)  # as a database has it where the version was retired before this was known
    run_due(now=NOW + 2 * DAY)
    assert not Instance.objects.exists()
    assert not ScheduledStart.objects.exists()
    publish_version(version_id=version.pk, by=None, now=NOW)
    run_due(now=NOW + 2 * DAY)
    assert Instance.objects.get().version_id == version.pk


@pytest.mark.parametrize("status", ["draft", "checked", "retired"])
def test_many_deals_start_on_the_published_version_only(department: Department, status: str) -> None:
    version = upload_version(xml=beginning(""), note="", by=None, now=NOW)
    type(version).objects.filter(pk=version.pk).update(status=status)
    with pytest.raises(Refused) as refused:
        start_many(version_id=version.pk, entries=[(department.deal.pk, None)], actor_id=None, now=NOW)
    assert refused.value.code == "not_published"
    assert not Instance.objects.exists()


def test_a_deal_that_cannot_begin_keeps_no_other_back_and_tells_why(department: Department) -> None:
    def rule(value: int) -> str:
        return (
            '<conditionExpression xsi:type="tFormalExpression" language="urn:kniga:rules:1">'
            f'{{"field":"deal.amount","op":"ge","value":"{value}"}}</conditionExpression>'
        )

    each = task("each").replace("</userTask>", f"{EACH}</userTask>")
    trigger = "<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>"
    body = (
        f'<startEvent id="start">{trigger}</startEvent><exclusiveGateway id="g" default="g_each"/>{task("ask")}{each}'
        '<intermediateThrowEvent id="tell"><signalEventDefinition signalRef="s"/></intermediateThrowEvent>'
        '<endEvent id="end"/><endEvent id="won" kniga:result="won"/><endEvent id="over"/>'
        + "".join(
            f'<sequenceFlow id="f_{to}" sourceRef="g" targetRef="{to}">{rule(least)}</sequenceFlow>'
            for to, least in (("won", 4000), ("tell", 3000), ("ask", 2000), ("over", 1000))
        )
        + "<flows>\nstart -> g\ng -> each\neach -> end\ntell -> ask\nask -> end\n</flows>"
    )
    publish(book("yearly", body, around='<signal id="s" name="s"/>'))
    deals = many_deals(department, 6)
    to_funnel(deals)
    big = Client.objects.create(name="Big", name_key="big", match_key="big", created_at=NOW, updated_at=NOW)
    Contact.objects.bulk_create(Contact(client=big, name=f"C{n}", name_key=f"c{n}") for n in range(MOST_ITEMS + 1))
    Deal.objects.filter(pk=deals[4]).update(client=big)
    for deal, amount in zip(deals, (5000, 3500, 2500, 1500, 5, 2500), strict=True):
        Deal.objects.filter(pk=deal).update(amount=amount)
    run_due(now=NOW + 2 * DAY)
    found = {one.deal_id: (one.status, one.result) for one in Instance.objects.all()}
    running = ("running", None)
    assert found == {
        deals[0]: ("ended", "won"), deals[1]: running, deals[2]: running, deals[3]: ("ended", "other"),
        deals[5]: running,
    }  # fmt: skip
    assert Deal.objects.get(pk=deals[0]).status == "won"
    assert Message.objects.filter(name="s").exists()
    assert [one.problem for one in replay_all() if one.problem] == []
    told = Event.objects.get(kind="processes.start.refused")
    assert (told.deal_id, told.payload["code"], told.payload["element"]) == (deals[4], "too_many_items", "start")
    assert told.payload["name"] == "yearly" and "1000" in told.payload["reason"]
    run_due(now=NOW + 4 * DAY)
    assert Event.objects.filter(kind="processes.start.refused").count() == 1, "it is said once"
