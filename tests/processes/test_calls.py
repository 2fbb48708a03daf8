"""Call activities: another process runs for the deal, and its result leads on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DataError

from kniga.deals.models import Deal
from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.processes.background.pump import run_due
from kniga.processes.background.working import retry_work, skip_work
from kniga.processes.models import Instance, ProcessVersion, Task, Work
from kniga.processes.running import calling
from kniga.processes.running.replaying import replay_instance
from kniga.processes.services import (
    cancel_instance,
    complete_task,
    resume_instance,
    start_process,
    suspend_instance,
    undo_completion,
)
from kniga.processes.versions.publishing import BookRefused, retire_version, upload_version
from kniga.processes.versions.version_queries import get_check, process_rows, version_rows
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department

SOON = NOW + timedelta(minutes=1)
RULE = (
    '<conditionExpression xsi:type="tFormalExpression" language="urn:kniga:rules:1">'
    '{"field":"outcome","op":"eq","value":"won"}</conditionExpression>'
)
CALLED = book(
    "approval",
    f'<startEvent id="start"/>{task("approve", "yes", "no", assignee="lead")}'
    '<exclusiveGateway id="which" default="f_no"/>'
    f'<sequenceFlow id="f_yes" sourceRef="which" targetRef="fine">{RULE.replace("won", "yes")}</sequenceFlow>'
    '<sequenceFlow id="f_no" sourceRef="which" targetRef="bad"/>'
    '<endEvent id="fine" kniga:result="won"/><endEvent id="bad" kniga:result="lost"/>'
    "<flows>\nstart -> approve\napprove -> which\n</flows>",
)


def caller(called: str = "approval", more: str = "", flows: str = "") -> bytes:
    return book(
        "calling",
        f'<startEvent id="start"/>{task("ask")}<callActivity id="call" name="Approval" calledElement="{called}"/>'
        '<exclusiveGateway id="how" default="f_no"/>'
        f'<sequenceFlow id="f_won" sourceRef="how" targetRef="go">{RULE}</sequenceFlow>'
        '<sequenceFlow id="f_no" sourceRef="how" targetRef="stop"/>'
        f'{task("go")}{task("stop")}<endEvent id="end"/>{more}'
        f"<flows>\nstart -> ask\nask -> call\ncall -> how\ngo -> end\nstop -> end\n{flows}</flows>",
    )


def call(department: Department) -> tuple[int, int]:
    started = start_process(deal_id=department.deal.pk, process_key="calling", by=department.rep, now=NOW)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    return started.instance_id, started.created[0]


@pytest.mark.parametrize(("outcome", "then"), [("yes", "go"), ("no", "stop")])
def test_the_called_process_tells_its_result_in_the_same_transaction(
    department: Department, outcome: str, then: str
) -> None:
    publish(CALLED)
    publish(caller())
    _instance_id, task_id = call(department)
    approve = Task.objects.get(status="open")
    assert (approve.element, approve.assignee_id) == ("approve", department.lead.pk)
    with pytest.raises(Refused) as moved_on:
        undo_completion(task_id=task_id, by=department.rep, now=NOW)
    assert moved_on.value.code == "undo_moved_on"
    complete_task(task_id=approve.pk, outcome=outcome, answers={}, by=department.lead, now=SOON)
    assert Task.objects.get(status="open").element == then
    assert Deal.objects.get().status == "open"
    assert Work.objects.get().status == "done"
    with pytest.raises(Refused):
        undo_completion(task_id=approve.pk, by=department.lead, now=SOON)
    for id in Instance.objects.values_list("pk", flat=True):
        assert replay_instance(instance_id=id).problem == ""


def test_stopping_the_caller_stops_what_it_called(department: Department) -> None:
    publish(CALLED)
    publish(caller())
    instance_id, _task = call(department)
    cancel_instance(instance_id=instance_id, reason="No more", by=department.head, now=SOON)
    assert set(Instance.objects.values_list("status", flat=True)) == {"cancelled"}
    assert not Task.objects.filter(status="open").exists()
    assert Work.objects.get().status == "cancelled"


def test_a_call_of_a_process_that_is_not_there_waits_for_a_person(department: Department) -> None:
    called = publish(CALLED)
    publish(caller())
    retire_version(version_id=called.pk, by=department.head, now=NOW)
    instance_id, _task = call(department)
    assert Work.objects.get().status == "incident"
    publish(CALLED)
    retry_work(work_id=Work.objects.get().pk, reason="Published now", by=department.head, now=SOON)
    assert Task.objects.get(status="open").element == "approve"
    child = Instance.objects.get(parent_id=instance_id)
    cancel_instance(instance_id=child.pk, reason="By hand", by=department.head, now=SOON)
    assert Work.objects.get().status == "incident", "nothing in the process catches it"
    skip_work(work_id=Work.objects.get().pk, reason="Approved by phone", by=department.head, now=SOON)
    assert Task.objects.get(status="open").element == "stop"


def test_a_caller_that_breaks_becomes_an_incident_and_the_called_process_is_over(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(CALLED)
    publish(caller())
    instance_id, _task = call(department)

    def broken(**_given: object) -> None:
        raise DataError("a value no column takes")

    monkeypatch.setattr(calling, "act_on_instance", broken)
    approve = Task.objects.get(status="open")
    complete_task(task_id=approve.pk, outcome="yes", answers={}, by=department.lead, now=SOON)
    work = Work.objects.get(instance_id=instance_id)
    assert (work.status, work.error) == ("incident", "DataError: a value no column takes")
    assert Instance.objects.get(parent_id=instance_id).status == "ended"


def test_a_paused_caller_hears_the_result_when_it_goes_on(department: Department) -> None:
    publish(CALLED)
    publish(caller())
    instance_id, _task = call(department)
    suspend_instance(instance_id=instance_id, reason="Wait", by=department.head, now=SOON)
    approve = Task.objects.get(status="open")
    complete_task(task_id=approve.pk, outcome="yes", answers={}, by=department.lead, now=SOON)
    run_due(now=SOON)
    assert not Task.objects.filter(status="open").exists()
    resume_instance(instance_id=instance_id, by=department.head, now=SOON)
    run_due(now=SOON)
    assert Task.objects.get(status="open").element == "go"


def test_processes_that_call_one_another_without_end_are_stopped(department: Department) -> None:
    start, end = '<startEvent id="start"/>', '<endEvent id="end"/>'
    publish(book("chicken", f"{start}{end}<flows>\nstart -> end\n</flows>"))
    for key, called in (("egg", "chicken"), ("chicken", "egg")):
        flows = "<flows>\nstart -> call\ncall -> end\n</flows>"
        publish(book(key, f'{start}<callActivity id="call" calledElement="{called}"/>{end}{flows}'))
    start_process(deal_id=department.deal.pk, process_key="egg", by=department.rep, now=NOW)
    run_due(now=SOON)
    assert Instance.objects.count() <= 25
    assert Work.objects.filter(status="incident").count() == 1


def test_only_the_process_called_last_tells_its_caller(department: Department) -> None:
    publish(CALLED)
    publish(caller())
    instance_id, _task = call(department)
    first = Instance.objects.get(parent_id=instance_id)
    cancel_instance(instance_id=first.pk, reason="By mistake", by=department.head, now=SOON)
    retry_work(work_id=Work.objects.get().pk, reason="Once more", by=department.head, now=SOON)
    run_due(now=SOON)
    assert Work.objects.get().status == "running", "the first one is over, and is no concern of the call any more"
    approve = Task.objects.get(status="open")
    complete_task(task_id=approve.pk, outcome="yes", answers={}, by=department.lead, now=SOON)
    assert (Work.objects.get().status, Task.objects.get(status="open").element) == ("done", "go")
    assert replay_instance(instance_id=instance_id).problem == ""


def test_a_process_that_is_over_with_its_first_step_tells_its_caller(department: Department) -> None:
    at_once = '<startEvent id="start"/><endEvent id="end" kniga:result="won"/><flows>\nstart -> end\n</flows>'
    publish(book("approval", at_once))
    publish(caller())
    call(department)
    assert (Work.objects.get().status, Task.objects.get(status="open").element) == ("done", "go")


OLDER = (b'calledElement="approval"', b'calledElement="approval" kniga:version="1"')


def test_a_version_that_was_never_published_is_not_called(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_version(xml=CALLED, note="", by=None, now=NOW)
    monkeypatch.setattr("kniga.processes.versions.publishing.uncallable_processes", lambda _definition: ())
    publish(caller().replace(*OLDER))
    call(department)
    assert Work.objects.get().status == "incident" and Instance.objects.count() == 1


@pytest.mark.parametrize("xml", [caller(), caller().replace(*OLDER), caller("approvals")])
def test_a_book_that_calls_what_is_not_published_is_not_published(department: Department, xml: bytes) -> None:
    upload_version(xml=CALLED, note="", by=None, now=NOW)
    with pytest.raises(BookRefused) as refused:
        publish(xml)
    assert [(one.code, one.element) for one in refused.value.problems] == [("unknown_called_process", "call")]
    version = ProcessVersion.objects.get(process__key="calling")
    assert [one.code for one in get_check(user=department.head, version_id=version.pk).errors] == [
        "unknown_called_process"
    ]


def test_a_book_may_call_an_older_version_but_not_itself(department: Department) -> None:
    called = publish(CALLED)
    retire_version(version_id=called.pk, by=department.head, now=NOW)
    assert publish(caller().replace(*OLDER)).status == "published"
    with pytest.raises(BookRefused) as refused:
        publish(caller("calling"))
    assert [one.code for one in refused.value.problems] == ["calls_itself"]


def test_the_list_of_processes_counts_the_deals_one_sees_and_nothing_that_is_called(department: Department) -> None:
    publish(CALLED)
    publish(caller())
    call(department)

    def counted(user: User) -> dict[str, int]:
        return {row.key: row.running for row in process_rows(user=user)}

    assert counted(department.head) == {"approval": 0, "calling": 1, "small_sale": 0}
    assert counted(department.other) == {"approval": 0, "calling": 0, "small_sale": 0}
    rows = [version_rows(user=user, process_key="calling")[0].running for user in (department.rep, department.other)]
    assert rows == [1, 0]
