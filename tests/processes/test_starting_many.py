"""Many instances at once are the same as many started one by one, for every kind of row."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from kniga.deals.models import Deal
from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.platform.models import Event
from kniga.processes.models import Instance, Subscription, Task, Timer, Work
from kniga.processes.running.bulk import start_many
from kniga.processes.running.replaying import replay_all
from kniga.processes.services import complete_task, start_process
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department
from tests.processes.test_workers_at_once import many_deals

BIG = '{"field":"deal.amount","op":"gt","value":"1000"}'
EVERYTHING = book(
    "everything",
    '<startEvent id="start"/><parallelGateway id="split"/>'
    f'{task("ask")}<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>P1D</timeDuration>'
    '</timerEventDefinition></intermediateCatchEvent><receiveTask id="hear" name="Hear" messageRef="paid"/>'
    '<serviceTask id="do" name="Do"><extensionElements><kniga:action name="start_process">'
    '<kniga:param name="process" value="small_sale"/></kniga:action></extensionElements></serviceTask>'
    '<exclusiveGateway id="size" default="f_small"/><sequenceFlow id="f_big" sourceRef="size" targetRef="big">'
    f'<conditionExpression xsi:type="tFormalExpression" language="urn:kniga:rules:1">{BIG}</conditionExpression>'
    '</sequenceFlow><sequenceFlow id="f_small" sourceRef="size" targetRef="small"/>'
    f'{task("big", assignee="role:support")}{task("small", assignee="lead")}<endEvent id="end"/>'
    "<flows>\nstart -> split\nsplit -> ask\nsplit -> wait\nsplit -> hear\nsplit -> do\nsplit -> size\n"
    "ask -> end\nwait -> end\nhear -> end\ndo -> end\nbig -> end\nsmall -> end\n</flows>",
    around='<message id="paid" name="paid" kniga:correlation="thread"/>',
)


def rows_of(instance: Instance) -> dict[str, Any]:
    mine = {"instance": instance}
    thread = f"kniga-{instance.pk}"
    heard = Subscription.objects.filter(**mine).values_list("token", "element", "kind", "name", "correlation", "key")
    return {
        "instance": (instance.status, instance.revision, instance.seq, instance.stage, instance.data, instance.tokens),
        "tasks": list(Task.objects.filter(**mine).order_by("token").values_list("token", "element", "name", "due_at")),
        "who": list(Task.objects.filter(**mine).exclude(element="big").order_by("token").values_list("assignee")),
        "timers": list(Timer.objects.filter(**mine).values_list("token", "element", "due_at", "made_in", "status")),
        "heard": [(*row[:5], row[5] == thread) for row in heard],
        "work": list(Work.objects.filter(**mine).values_list("token", "element", "action", "params", "next_at")),
        "events": list(Event.objects.filter(instance_id=instance.pk).order_by("id").values_list("kind", "payload")),
    }  # fmt: skip


def test_instances_started_at_once_are_those_started_one_by_one(department: Department) -> None:
    for name in ("sam", "sue"):
        User.objects.create_user(f"{name}@example.com", name=name, role="support", branch=department.rep.branch)
    version = publish(EVERYTHING)
    deals = many_deals(department, 12)
    Deal.objects.filter(pk__in=deals[:6]).update(amount=Decimal(5000))
    Deal.objects.filter(pk__in=deals[6:]).update(amount=Decimal(7))
    alone = [deals[0], deals[6]]
    for deal_id in alone:
        start_process(deal_id=deal_id, process_key="everything", by=None, now=NOW)
    together = start_many(version_id=version.pk, entries=[(deal, None) for deal in deals], actor_id=None, now=NOW)
    assert (together.started, together.passed_over) == (10, 2)
    found = {instance.deal_id: rows_of(instance) for instance in Instance.objects.all()}
    assert all(found[deal] == found[deals[0]] for deal in deals[:6])
    assert all(found[deal] == found[deals[6]] for deal in deals[6:])
    whose = Task.objects.filter(element="big").values_list("assignee__name", flat=True)
    assert sorted(whose).count("sam") == 3, "a role's tasks are shared out"
    assert [one.problem for one in replay_all() if one.problem] == []


def test_what_ends_or_sends_before_its_first_rest_is_not_started_at_once(department: Department) -> None:
    version = publish(
        book("telling", '<startEvent id="start"/><intermediateThrowEvent id="tell">'
             f'<signalEventDefinition signalRef="s"/></intermediateThrowEvent>{task("ask")}<endEvent id="end"/>'
             "<flows>\nstart -> tell\ntell -> ask\nask -> end\n</flows>", around='<signal id="s" name="s"/>')
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        start_many(version_id=version.pk, entries=[(department.deal.pk, None)], actor_id=None, now=NOW)
    assert refused.value.code == "throws_at_once"


@pytest.mark.parametrize("history", [10, 10_000])
def test_a_completion_takes_as_many_statements_after_ten_thousand_events(
    department: Department, history: int, sql_log: Any
) -> None:
    first = start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=NOW)
    one = Event.objects.filter(instance_id=first.instance_id).first()
    assert one is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO platform_event (at, kind, client_id, deal_id, instance_id, payload)"
            " SELECT at, kind, client_id, deal_id, instance_id, payload FROM platform_event, generate_series(1, %s)"
            " WHERE id = %s",
            [history, one.pk],
        )
    complete_task(task_id=first.created[0], outcome="later", answers={}, by=department.rep, now=NOW)
    second = Task.objects.get(status="open").pk
    with sql_log() as log:
        complete_task(task_id=second, outcome="later", answers={}, by=department.rep, now=NOW + timedelta(hours=1))
    assert len(log) <= 4
