"""A deal whose process waits for one it has called goes over to another version: that one goes on, or is told of."""

from __future__ import annotations

from datetime import timedelta

from kniga.processes.acts.act_planning import plan_move
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out
from kniga.processes.acts.scopes import Scope
from kniga.processes.background.pump import run_due
from kniga.processes.models import BulkAct, Instance, Task, Timer, Work
from kniga.processes.running.replaying import replay_all
from kniga.processes.services import complete_task
from kniga.web.processes.act_words import why_in_words
from tests.processes.books import publish
from tests.processes.conftest import NOW, Department
from tests.processes.test_calls import CALLED, call, caller

SOON = NOW + timedelta(minutes=1)
LATE = (
    '<boundaryEvent id="late" attachedToRef="call" cancelActivity="false"><timerEventDefinition>'
    '<timeDuration>{after}</timeDuration></timerEventDefinition></boundaryEvent><endEvent id="told"/>'
)


def watched_caller(after: str) -> bytes:
    """A call with a reminder at its edge."""
    return caller(more=LATE.format(after=after), flows="late -> told\n")


def moved(department: Department) -> BulkAct:
    act = plan_move(scope=Scope("calling", version=1), target=2, reason="new book", by=department.head, now=SOON)
    assert list(act.rows.values_list("status", flat=True)) == ["fits"]
    begin_act(act_id=act.pk, by=department.head, now=SOON)
    return carry_out(act_id=act.pk, clock=lambda: SOON)


def undone(act: BulkAct, department: Department) -> tuple[str, dict[str, str] | None]:
    begin_undo(act_id=act.pk, reason="too early", by=department.head, now=SOON)
    carry_out(act_id=act.pk, clock=lambda: SOON)
    status, why = act.rows.values_list("status", "why").get()
    return status, why


def standing() -> tuple[list[tuple[str, int, str]], list[str], list[tuple[str, str]]]:
    instances = Instance.objects.order_by("pk").values_list("version__process__key", "version__number", "status")
    tasks = Task.objects.filter(status="open").order_by("pk").values_list("element", flat=True)
    return list(instances), list(tasks), list(Work.objects.values_list("element", "status"))


def replays() -> list[str]:
    return [one.problem for one in replay_all() if one.problem]


def test_what_a_call_has_called_goes_on_when_only_an_event_at_its_edge_has_changed(department: Department) -> None:
    publish(CALLED)
    publish(watched_caller("P3D"))
    call(department)
    due = Timer.objects.get(status="scheduled").due_at
    publish(watched_caller("P2D"))
    act = moved(department)
    after = [("calling", 2, "running"), ("approval", 1, "running")], ["approve"], [("call", "running")]
    assert standing() == after
    assert Timer.objects.get(status="scheduled").due_at < due
    run_due(now=SOON)
    assert standing() == after
    assert undone(act, department) == ("undone", None)
    assert standing() == ([("calling", 1, "running"), *after[0][1:]], *after[1:])
    assert Timer.objects.get(status="scheduled").due_at == due
    complete_task(task_id=Task.objects.get(status="open").pk, outcome="yes", answers={}, by=department.lead, now=SOON)
    assert standing()[1:] == (["go"], [("call", "done")])
    assert replays() == []


def test_a_move_that_calls_another_process_instead_is_not_undone_and_says_why(department: Department) -> None:
    publish(CALLED)
    publish(CALLED.replace(b'"approval"', b'"other"'))
    publish(caller())
    call(department)
    publish(caller("other"))
    act = moved(department)
    run_due(now=SOON)
    now = [("calling", 2, "running"), ("approval", 1, "cancelled"), ("other", 1, "running")]
    assert standing()[0] == now
    status, why = undone(act, department)
    assert (status, why) == ("kept", {"code": "called_stopped"})
    assert "остановлен процесс" in why_in_words(why, {})
    assert standing()[0] == now
    assert replays() == []


def test_an_act_of_before_that_stopped_what_was_called_is_not_undone_either(department: Department) -> None:
    publish(CALLED)
    publish(watched_caller("P3D"))
    call(department)
    publish(watched_caller("P2D"))
    act = moved(department)
    Instance.objects.filter(parent__isnull=False).update(status="cancelled", ended_at=SOON)
    assert undone(act, department) == ("kept", {"code": "called_stopped"})
