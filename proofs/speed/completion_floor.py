"""Completing a task with its next one, against a bare PL/pgSQL function that writes the same rows in the same run.

    python -m proofs.speed.completion_floor

Both move deals of the made department from the proposal to the objections: the step that ends closes its task and
stage visit, the next ones are opened, the deal and the instance move on, three ledger events are written. Slices of
both take turns, each on a connection of its own, with fsync as in production.
"""

from __future__ import annotations

import contextlib
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psutil
import psycopg

from proofs.harness import Report, run
from proofs.speed.measuring import HEAD, department

SLICES, PER_SLICE = 10, 40
FROM, TO, OUTCOME = "task_present", "task_objections", "objections"

FLOOR = """
CREATE FUNCTION pg_temp.floor_complete(
    p_task bigint, p_actor bigint, p_now timestamptz, p_stage bigint, p_stage_key text, p_element text, p_name text,
    p_due timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_task processes_task%ROWTYPE;
    v_new bigint;
BEGIN
    UPDATE processes_task SET status = 'done', completed_at = p_now, completed_by_id = p_actor, outcome = 'objections',
        answers = '{}', undo = '{"revision": 3, "seq": 1, "stage": "proposal", "cancelled": [], "data": null}'
    WHERE id = p_task AND status = 'open' RETURNING * INTO v_task;
    UPDATE processes_instance SET revision = revision + 1, seq = seq + 1, stage = p_stage_key
    WHERE id = v_task.instance_id;
    INSERT INTO processes_task (instance_id, token, element, name, kind, deal_id, client_id, stage_id, assignee_id,
                                status, created_at, due_at)
    VALUES (v_task.instance_id, v_task.token + 1, p_element, p_name, 'call', v_task.deal_id, v_task.client_id, p_stage,
            v_task.assignee_id, 'open', p_now, p_due) RETURNING id INTO v_new;
    UPDATE deals_stagevisit SET left_at = p_now, exit = 'passed' WHERE deal_id = v_task.deal_id AND left_at IS NULL;
    INSERT INTO deals_stagevisit (deal_id, stage_id, owner_id, entered_at, amount, is_inferred)
    VALUES (v_task.deal_id, p_stage, v_task.assignee_id, p_now, 100000, false);
    UPDATE deals_deal SET stage_id = p_stage, stage_since = p_now, updated_at = p_now, revision = revision + 1
    WHERE id = v_task.deal_id;
    INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload) VALUES
        (p_now, 'processes.task.completed', p_actor, v_task.client_id, v_task.deal_id, v_task.instance_id, p_task,
         '{"token": 1, "element": "task_present", "outcome": "objections", "answers": {}}'),
        (p_now, 'processes.stage.entered', p_actor, v_task.client_id, v_task.deal_id, v_task.instance_id, NULL,
         '{"stage": "objections", "previous": "proposal"}'),
        (p_now, 'processes.task.created', p_actor, v_task.client_id, v_task.deal_id, v_task.instance_id, v_new,
         '{"token": 2, "element": "task_objections", "stage": "objections"}');
    RETURN v_new;
END $$
"""


class Timed:
    """Rates of one way: completions per second of each slice, and CPU milliseconds on both sides."""

    def __init__(self, connection: Any, act: Callable[[int], object]) -> None:
        self.act = act
        self.backend = psutil.Process(connection.info.backend_pid)
        self.rates: list[float] = []
        self.client_cpu = self.server_cpu = 0.0
        self.done = 0

    def slice(self, tasks: list[int]) -> None:
        client, server = time.process_time(), _cpu(self.backend)
        began = time.perf_counter()
        for task in tasks:
            self.act(task)
        self.rates.append(len(tasks) / (time.perf_counter() - began))
        self.client_cpu += time.process_time() - client
        self.server_cpu += _cpu(self.backend) - server
        self.done += len(tasks)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def cpu_ms(self) -> tuple[float, float]:
        return self.client_cpu / self.done * 1000, self.server_cpu / self.done * 1000


def main(report: Report) -> None:
    with department():
        from django.db import connection

        connection.ensure_connection()
        tasks = _open_tasks()
        product = Timed(connection.connection, _product())
        with _floor(connection) as (floor_connection, floor_act):
            floor = Timed(floor_connection, floor_act)
            for way in (product, floor):  # plans, caches and definitions are warm in production, too
                for _number in range(PER_SLICE):
                    way.act(next(tasks))
            for _slice in range(SLICES):
                product.slice(list(itertools.islice(tasks, PER_SLICE)))
                floor.slice(list(itertools.islice(tasks, PER_SLICE)))
    _tell(report, product, floor)


def _tell(report: Report, product: Timed, floor: Timed) -> None:
    client, server = product.cpu_ms
    floor_client, floor_server = floor.cpu_ms
    report.line("bare PL/pgSQL function, psycopg", floor.rate, "tasks/s")
    report.line(
        "complete_task with its next task", product.rate, "tasks/s", ratio=product.rate / floor.rate,
        against="the bare function in the same run", goal=">= 60 % of it", holds=product.rate >= 0.6 * floor.rate,
    )  # fmt: skip
    report.line(
        "CPU of a completion", client + server, "ms", ratio=(client + server) / (floor_client + floor_server),
        against=f"bare {floor_client + floor_server:.2f} ms; Python {client:.2f}, PostgreSQL {server:.2f}",
    )  # fmt: skip


def _product() -> Callable[[int], object]:
    from kniga.people.models import User
    from kniga.processes.services import complete_task

    head = User.objects.get(email=HEAD)
    return lambda task: complete_task(task_id=task, outcome=OUTCOME, answers={}, by=head, now=datetime.now(UTC))


def _floor(connection: Any) -> Any:
    from kniga.people.models import User
    from kniga.processes.models import Task

    sample = Task.objects.filter(element=TO, status="open").select_related("stage").first()
    if sample is None or sample.stage is None:
        raise SystemExit(f"nobody handles {TO}: make the department anew (made_department --again)")
    arguments = (User.objects.get(email=HEAD).pk, sample.stage_id, sample.stage.key, TO, sample.name)

    @contextlib.contextmanager
    def opened() -> Iterator[tuple[Any, Callable[[int], object]]]:
        info = connection.connection.info
        with psycopg.connect(host=info.host, user=info.user, dbname=info.dbname, autocommit=True) as floor:
            floor.prepare_threshold = 1
            floor.execute(FLOOR)

            def act(task: int) -> object:
                now = datetime.now(UTC)
                actor, stage, key, element, name = arguments
                return floor.execute(
                    "SELECT pg_temp.floor_complete(%s, %s, %s, %s, %s, %s, %s, %s)",
                    [task, actor, now, stage, key, element, name, now],
                ).fetchone()

            yield floor, act

    return opened()


def _open_tasks() -> Iterator[int]:
    from kniga.processes.models import Task

    needed = 2 * (SLICES + 1) * PER_SLICE
    found = list(Task.objects.filter(element=FROM, status="open").order_by("pk").values_list("pk", flat=True)[:needed])
    if len(found) < needed:
        raise SystemExit(
            "the department has too few deals left at the proposal: make it anew (made_department --again)"
        )
    return iter(found)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    sys.exit(run(main))
