"""A round of the control points costs what is due or has changed, and misses no change however many work at once."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from kniga.clients.models import Client
from kniga.deals.models import Deal, Stage
from kniga.platform.sqlparts import rows_of
from kniga.processes.background.pump import run_due
from kniga.processes.control.control_points import look_at_controls
from kniga.processes.models import Instance
from kniga.processes.models.control import ControlMark, ControlWatch, Deviation
from kniga.processes.services import resume_instance, suspend_instance
from tests.processes.conftest import NOW, Department, make_department
from tests.processes.test_acts_by_two_workers import at_once
from tests.processes.test_control_points import CONDITION, DUE, controlled, done, kinds, start, told

HOUR = timedelta(hours=1)
READ = """
SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables
WHERE relname = 'processes_controlwatch'
"""
OF_THE_CLIENT = '<kniga:condition>{"field": "client.headcount", "op": "is_unknown"}</kniga:condition>'


@pytest.fixture
def working_department(transactional_db: None) -> Department:
    return make_department()


def watched(department: Department, number: int) -> None:
    """Rows that are watched and not due for long."""
    instance_id = ControlWatch.objects.earliest("pk").instance_id
    ControlWatch.objects.bulk_create(
        ControlWatch(instance_id=instance_id, token=1000 + place, point="late", look_at=DUE + timedelta(days=300))
        for place in range(number)
    )


def read_by(work: Any) -> int:
    """How many rows of the table of what is watched a piece of work read, its indexes used."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    before = rows_of(READ, [])[0][0]
    work()
    return int(rows_of(READ, [])[0][0] - before)


def test_a_round_reads_what_is_due_and_not_what_is_watched(
    department: Department, django_assert_max_num_queries: Any
) -> None:
    start(department, controlled())
    watched(department, 2000)
    with django_assert_max_num_queries(4):
        assert read_by(lambda: look_at_controls(now=DUE - HOUR)) <= 1
    with django_assert_max_num_queries(38):
        assert read_by(lambda: look_at_controls(now=DUE)) < 10
    assert told() == ["Lena"]


def test_a_change_costs_a_look_at_its_own_deal_only(department: Department) -> None:
    start(department, controlled(CONDITION))
    run_due(now=DUE)
    Deal.objects.update(revision=7, amount=100)
    assert ControlMark.objects.count() == 1
    run_due(now=DUE)
    assert kinds() == ["raised", "closed"]
    assert not ControlMark.objects.exists()


def test_entering_a_stage_marks_a_deal_once_by_its_process(department: Department) -> None:
    start(department, controlled(CONDITION))
    run_due(now=DUE)
    Deal.objects.update(stage=Stage.objects.first(), stage_since=DUE, updated_at=DUE, revision=7)
    assert not ControlMark.objects.exists()
    Instance.objects.update(revision=7, stage="other")
    assert ControlMark.objects.count() == 1


def test_changes_that_cancel_out_in_a_sum_are_seen(department: Department) -> None:
    Client.objects.update(revision=5)
    start(department, controlled(CONDITION))
    run_due(now=DUE)
    Deal.objects.update(revision=2, amount=100)
    Client.objects.update(revision=4)
    run_due(now=DUE + HOUR)
    assert kinds() == ["raised", "closed"]


def test_a_change_of_the_client_is_seen(department: Department) -> None:
    start(department, controlled(OF_THE_CLIENT))
    run_due(now=DUE)
    Client.objects.update(revision=2, employees=5)
    run_due(now=DUE + HOUR)
    assert kinds() == ["raised", "closed"]


def test_a_deal_that_watches_nothing_is_not_marked(department: Department) -> None:
    Deal.objects.update(revision=9)
    Client.objects.update(revision=9)
    assert not ControlMark.objects.exists()


def test_a_paused_deal_is_looked_at_once_and_not_in_every_round(
    department: Department, django_assert_num_queries: Any
) -> None:
    start(department, controlled())
    instance_id = ControlWatch.objects.get().instance_id
    suspend_instance(instance_id=instance_id, reason="x", by=department.head, now=NOW)
    run_due(now=DUE)
    with django_assert_num_queries(1):
        assert look_at_controls(now=DUE) == 0
    resume_instance(instance_id=instance_id, by=department.head, now=DUE + HOUR)
    run_due(now=DUE + HOUR)
    assert told() == ["Lena"]


def test_a_step_done_while_a_worker_raises_its_deviation_does_not_leave_it_open(
    working_department: Department,
) -> None:
    task_id = start(working_department, controlled())
    is_looked, is_done = threading.Event(), threading.Event()

    def look() -> None:
        with transaction.atomic():
            look_at_controls(now=DUE)
            is_looked.set()
            is_done.wait(20)

    def finish() -> None:
        is_looked.wait(20)
        try:
            done(working_department, task_id, DUE + HOUR)  # waits for no worker
        finally:
            is_done.set()

    assert at_once(look, finish) == []
    assert Deviation.objects.get().state == "open"
    run_due(now=DUE + HOUR)
    assert (Deviation.objects.get().state, Deviation.objects.get().how) == ("closed", "cured")


def test_a_mark_stays_while_another_worker_holds_what_it_is_about(working_department: Department) -> None:
    start(working_department, controlled(CONDITION))
    run_due(now=DUE)
    Deal.objects.update(revision=7, amount=100)
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(ControlWatch.objects.select_for_update())
            is_held.set()
            is_over.wait(20)

    def look() -> None:
        is_held.wait(20)
        try:
            assert look_at_controls(now=DUE) == 0
            assert ControlMark.objects.count() == 1
        finally:
            is_over.set()

    assert at_once(hold, look) == []
    run_due(now=DUE)
    assert kinds() == ["raised", "closed"]


def test_two_workers_see_each_change_once(working_department: Department) -> None:
    start(working_department, controlled(CONDITION))
    run_due(now=DUE)
    for revision, amount in enumerate((100, 900, 100), start=10):
        Deal.objects.update(revision=revision, amount=amount)
        assert at_once(*[partial(run_due, now=DUE + timedelta(hours=amount))] * 2) == []
        run_due(now=DUE + timedelta(hours=amount))
    assert Deviation.objects.filter(state="closed").count() == Deviation.objects.count()
