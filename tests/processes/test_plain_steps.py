"""The ordinary step, written the short way, leaves the same rows behind as the general way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from kniga.deals.models import Deal, Pipeline, StageVisit
from kniga.engine import State
from kniga.platform.models import Event
from kniga.processes.models import ControlWatch, Instance, Task, Timer
from kniga.processes.running import applying
from kniga.processes.services import complete_task, start_process, undo_completion
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department

STAGES = "".join(f'<kniga:stage key="s{n}" name="Stage {n}"/>' for n in (1, 2))
QUESTION = '<kniga:question key="need" label="Need" type="text"/>'
CONTROL = (
    '<kniga:control key="late" name="Not done" due="PT1H" basis="duration" whom="head" by="app">'
    '<kniga:escalate after="PT4H" whom="head"/></kniga:control>'
)
TIMER = (
    '<boundaryEvent id="late" attachedToRef="e" cancelActivity="false"><timerEventDefinition>'
    "<timeDuration>PT4H</timeDuration></timerEventDefinition></boundaryEvent>"
)
WALK = (("a", {}), ("b", {"need": "racks"}), ("c", {"need": "racks"}), ("e", {}), ("f", {"need": "shelves"}))
"""Within a stage, on into the next with an answer, the same answer again, back, and on with another answer."""


def staged(id: str, stage: str) -> str:
    step = task(id).replace("<userTask ", f'<userTask kniga:stage="{stage}" ')
    return step.replace("<kniga:outcome", f"{QUESTION}<kniga:outcome", 1)


def walking() -> bytes:
    """Six steps; the third is watched, and a timer stands on the fourth."""
    steps = "".join(staged(id, stage) for id, stage in zip("abcefg", ("s1", "s1", "s2", "s2", "s1", "s2"), strict=True))
    flows = "".join(f"{one} -> {next}\n" for one, next in zip(("start", *"abcefg"), (*"abcefg", "end"), strict=True))
    steps = steps.replace("</extensionElements></userTask>", f"{CONTROL}</extensionElements></userTask>", 3)
    steps = steps.replace(f"{CONTROL}<", "<", 2)
    flows += "late -> remind\nremind -> reminded\n"
    ends = f'<startEvent id="start"/>{steps}<endEvent id="end"/>{TIMER}{task("remind")}<endEvent id="reminded"/>'
    return book("walking", f"{ends}<flows>\n{flows}</flows>", extra=f"<kniga:stages>{STAGES}</kniga:stages>")


def begin(department: Department) -> int:
    publish(walking())
    Deal.objects.update(pipeline=Pipeline.objects.get(key="walking"))
    return start_process(deal_id=department.deal.pk, process_key="walking", by=department.rep, now=NOW).created[0]


def walk(department: Department) -> list[int]:
    tasks = [begin(department)]
    for number, (_element, answers) in enumerate(WALK, start=1):
        done = complete_task(
            task_id=tasks[-1], outcome="ok", answers=answers, by=department.rep, now=NOW + timedelta(minutes=number)
        )
        tasks += done.created
    return tasks


def rows() -> dict[str, list[Mapping[str, Any]]]:
    """What the walk has left in the tables it writes to, ids by their order."""
    visits = {id: place for place, id in enumerate(StageVisit.objects.order_by("pk").values_list("pk", flat=True))}
    tasks = {id: place for place, id in enumerate(Task.objects.order_by("pk").values_list("pk", flat=True))}
    found = {
        "instance": list(Instance.objects.values("status", "revision", "seq", "stage", "data", "tokens", "ended_at")),
        "tasks": list(Task.objects.order_by("pk").values()),
        "visits": list(StageVisit.objects.order_by("pk").values()),
        "timers": list(
            Timer.objects.order_by("pk").values("token", "element", "due_at", "status", "made_in", "closed_in")
        ),
        "watches": list(ControlWatch.objects.order_by("token").values("token", "point", "look_at", "state")),
        "deal": list(Deal.objects.values("stage__key", "stage_since", "updated_at", "revision", "amount", "status")),
        "events": list(
            Event.objects.filter(kind__startswith="processes.").order_by("pk")
            .values("at", "kind", "actor_id", "client_id", "deal_id", "task_id", "payload")
        ),
    }  # fmt: skip
    for row in found["tasks"]:
        row |= {"id": tasks[row["id"]], "instance_id": 0, "stage_id": 0}
        deal = (row["undo"] or {}).get("deal")
        if deal:
            deal["visit"][0] = visits[deal["visit"][0]]
            deal["last_visit"] = sum(id <= deal["last_visit"] for id in visits)
            deal["stage"] = 0
    for row in found["visits"]:
        row |= {"id": visits[row["id"]], "stage_id": 0}
    for row in found["events"]:
        row["task_id"] = tasks.get(row["task_id"])
        row["payload"].pop("version", None)
    return found


def test_both_ways_leave_the_same_rows(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    by_short_way = []
    plain = applying.apply_plain_step

    def watched(document: Mapping[str, Any], before: State) -> int | None:
        created = plain(document, before)
        by_short_way.append(created is not None)
        return created

    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        monkeypatch.setattr(applying, "apply_plain_step", watched)
        walk(department)
        short = rows()
        assert short["timers"] and short["watches"]
        cursor.execute("ROLLBACK TO SAVEPOINT before")
    monkeypatch.setattr(applying, "apply_plain_step", lambda document, before: None)
    walk(department)
    assert by_short_way[-len(WALK) :] == [True] * len(WALK)
    assert rows() == short


def test_it_is_undone_step_by_step(department: Department) -> None:
    task_id = begin(department)
    before = rows()
    for element, answers in WALK:
        done = complete_task(task_id=task_id, outcome="ok", answers=answers, by=department.rep, now=NOW)
        undo_completion(task_id=task_id, by=department.rep, now=NOW)
        after = rows()
        assert after["visits"] == before["visits"], element
        for now_row, row in zip(after["instance"], before["instance"], strict=True):
            assert now_row | {"revision": 0} == {**row, "revision": 0}, element
        done = complete_task(task_id=task_id, outcome="ok", answers=answers, by=department.rep, now=NOW)
        (task_id,) = done.created
        before = rows()


def test_a_step_that_comes_too_late_writes_nothing(department: Department) -> None:
    written: list[int | None] = []
    task_id = begin(department)
    plain = applying.apply_plain_step

    def after_another(document: Mapping[str, Any], before: State) -> int | None:
        stale = {**document, "revision": document["revision"] - 1}
        written.append(plain(stale, before))
        return plain(document, before)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(applying, "apply_plain_step", after_another)
        complete_task(task_id=task_id, outcome="ok", answers={}, by=department.rep, now=NOW)
    assert written == [None]
    assert Task.objects.filter(status="done").count() == 1
    assert Task.objects.filter(status="open").count() == 1
