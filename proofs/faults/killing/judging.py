"""What must be true after workers were killed: nothing lost, nothing doubled, nothing stuck, every ledger replays."""

from __future__ import annotations

import multiprocessing
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from proofs.harness import Report, note

_TASKS = """
WITH told AS (
    SELECT task_id AS id, count(*) FILTER (WHERE kind = 'processes.task.completed') AS done,
           count(*) FILTER (WHERE kind = 'processes.completion.undone') AS undone
    FROM platform_event WHERE kind IN ('processes.task.completed', 'processes.completion.undone') GROUP BY task_id
)
SELECT coalesce(sum(done), 0), coalesce(sum(undone), 0), count(*) FILTER (WHERE done - undone > 1),
       count(*) FILTER (WHERE coalesce(done - undone, 0) <> (t.status IS NOT DISTINCT FROM 'done')::integer)
FROM (SELECT id, status FROM processes_task WHERE status = 'done') t FULL JOIN told USING (id)
"""
_TIMERS = """
WITH fired AS (
    SELECT instance_id, token, element, count(*) AS n FROM processes_timer WHERE status = 'fired' GROUP BY 1, 2, 3
), told AS (
    SELECT instance_id, (payload ->> 'token')::integer AS token, payload ->> 'timer' AS element, count(*) AS n
    FROM platform_event WHERE kind = 'processes.timer.fired' GROUP BY 1, 2, 3
)
SELECT coalesce(sum(told.n), 0), count(*) FILTER (WHERE told.n > 1 OR fired.n > 1),
       count(*) FILTER (WHERE told.n IS DISTINCT FROM fired.n)
FROM fired FULL JOIN told USING (instance_id, token, element)
"""
_CAUGHT = """
WITH caught AS (
    SELECT instance_id, token, element, kind, count(*) AS n FROM processes_subscription
    WHERE status = 'caught' AND kind = %(kind)s GROUP BY 1, 2, 3, 4
), told AS (
    SELECT instance_id, (payload ->> 'token')::integer AS token, payload ->> 'event' AS element, count(*) AS n
    FROM platform_event WHERE platform_event.kind = 'processes.' || %(kind)s || '.caught' GROUP BY 1, 2, 3
)
SELECT coalesce(sum(told.n), 0), count(*) FILTER (WHERE told.n > 1 OR caught.n > 1),
       count(*) FILTER (WHERE told.n IS DISTINCT FROM caught.n)
FROM caught FULL JOIN told USING (instance_id, token, element)
"""
_MATCHED = """
WITH matched AS (
    SELECT instance_id, token, name, count(*) AS n FROM processes_message
    WHERE kind = 'message' AND status = 'matched' GROUP BY 1, 2, 3
), caught AS (
    SELECT instance_id, token, name, count(*) AS n FROM processes_subscription
    WHERE kind = 'message' AND status = 'caught' GROUP BY 1, 2, 3
)
SELECT coalesce(sum(matched.n), 0), count(*) FILTER (WHERE matched.n > 1),
       count(*) FILTER (WHERE matched.n IS DISTINCT FROM caught.n)
FROM matched FULL JOIN caught USING (instance_id, token, name)
"""
_WORK = """
WITH done AS (
    SELECT w.instance_id, w.token, w.action, count(*) AS n FROM processes_work w WHERE w.status = 'done'
    GROUP BY 1, 2, 3
), told AS (
    SELECT instance_id, (payload ->> 'token')::integer AS token, count(*) AS n
    FROM platform_event WHERE kind = 'processes.work.completed' GROUP BY 1, 2
)
SELECT coalesce(sum(told.n), 0), count(*) FILTER (WHERE told.n > 1 OR done.n > 1),
       count(*) FILTER (WHERE told.n IS DISTINCT FROM done.n)
FROM done FULL JOIN told USING (instance_id, token)
"""
_BEGUN = """
SELECT (SELECT count(*) FROM processes_instance WHERE parent_id IS NOT NULL AND parent_token IS NULL),
       (SELECT count(*) FROM processes_work WHERE action = 'start_process' AND status = 'done'),
       (SELECT count(*) - count(DISTINCT (parent_id, parent_token)) FROM processes_instance
        WHERE parent_token IS NOT NULL)
"""
_FAILED = """
SELECT (SELECT count(*) FROM processes_timer WHERE status = 'failed'),
       (SELECT count(*) FROM processes_work WHERE status IN ('incident', 'failed')),
       (SELECT count(*) FROM processes_message WHERE status = 'failed'),
       (SELECT count(*) FROM (SELECT deal_id FROM deals_stagevisit WHERE left_at IS NULL GROUP BY deal_id
                              HAVING count(*) > 1) AS twice)
"""
_LOST = """
SELECT count(*) FROM unnest(%s::bigint[]) AS told (id) LEFT JOIN processes_task t USING (id)
WHERE t.status IS DISTINCT FROM 'done' AND NOT EXISTS (
    SELECT FROM platform_event e WHERE e.task_id = told.id AND e.kind = 'processes.completion.undone')
"""
_WAITING = """
SELECT instance_id, token, element, 'timer' FROM processes_timer WHERE status = 'scheduled'
UNION ALL SELECT instance_id, token, element, kind FROM processes_subscription WHERE status = 'waiting'
UNION ALL SELECT instance_id, token, element, 'work' FROM processes_work
          WHERE status IN ('queued', 'running', 'incident')
UNION ALL SELECT instance_id, token, element, 'task' FROM processes_task WHERE status = 'open'
"""
_LATE = """
SELECT count(*) FROM processes_timer w JOIN processes_instance i ON i.id = w.instance_id AND i.status = 'running'
WHERE w.status = 'scheduled' AND w.due_at < now() - interval '30 seconds'
"""

Wait = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the running processes stand: how many, of how many tokens, and those whose rows are not what their tokens
    wait for, in words."""

    running: int
    tokens: int
    wrong: list[str]


def standing() -> Standing:
    """Compare what each running process waits for with its rows, both ways. Nobody may be working meanwhile."""
    from kniga.processes.models import Instance
    from kniga.processes.running.reading import read_instances
    from kniga.processes.versions.definitions import runnable_version

    rows: dict[int, set[Wait]] = defaultdict(set)
    for instance_id, token, element, kind in _rows(_WAITING):
        rows[instance_id].add((token, element, kind))
    running = list(Instance.objects.filter(status="running").order_by("pk").values_list("pk", flat=True))
    tokens, wrong = 0, []
    for first in range(0, len(running), 500):
        for instance_id, snapshot in read_instances(instance_ids=running[first : first + 500]).items():
            tokens += len(snapshot.state.tokens)
            wanted = _wanted(runnable_version(snapshot.version_id).definition, snapshot.state)
            found = rows.pop(instance_id, set())
            if wanted != found or not wanted:
                wrong.append(f"instance {instance_id}: waits for {sorted(wanted)}, rows say {sorted(found)}")
    wrong += [f"instance {instance_id} is over, rows say {sorted(found)}" for instance_id, found in rows.items()]
    return Standing(len(running), tokens, wrong)


def judge_standing(report: Report) -> None:
    """Nothing is stuck: every token has its task, timer, subscription or work, and nothing else has one."""
    stands = standing()
    report.line("running processes looked at, all at rest", stands.running, "processes")
    report.line("their tokens", stands.tokens, "tokens")
    _none(report, "running processes that wait for nothing, or for something else than their rows", stands.wrong)


def judge_ledger(report: Report, told: Sequence[str]) -> None:
    """Nothing is lost or doubled: tasks, timers, messages, signals, work; `told` is what the completers heard."""
    done, undone, twice, apart = _row(_TASKS)
    report.line("completions in the ledger", int(done), "events")
    report.line("of them taken back", int(undone), "events")
    _nothing(report, "tasks completed twice", twice)
    _nothing(report, "tasks whose row and ledger disagree", apart)
    acknowledged = [int(line[2:]) for line in told if line.startswith("C ")]
    _nothing(report, "acknowledged completions lost", _row(_LOST, [acknowledged])[0])
    for what, sql in {"timers fired": _TIMERS, "messages matched": _MATCHED, "pieces of work done": _WORK}.items():
        _judge_pairs(report, what, _row(sql))
    for kind in ("message", "signal"):
        _judge_pairs(report, f"{kind}s caught", _row(_CAUGHT, {"kind": kind}))
    _judge_rest(report, told)


def _judge_rest(report: Report, told: Sequence[str]) -> None:
    from kniga.processes.models import Message

    taken_in = [int(line[2:]) for line in told if line.startswith("M ")]
    kept = Message.objects.filter(pk__in=taken_in).count()
    report.line("messages taken in", len(taken_in), "messages")
    _nothing(report, "messages taken in and lost", len(taken_in) - kept)
    beside, ordered, called_twice = _row(_BEGUN)
    _nothing(report, "processes begun beside without work that ordered them, or the other way round",
             abs(beside - ordered))  # fmt: skip
    _nothing(report, "calls that began two processes", called_twice)
    names = ("timers failed", "incidents", "messages failed", "deals in two stages at once")
    for name, count in zip(names, _row(_FAILED), strict=True):
        _nothing(report, name, count)
    _none(report, "errors that a person would have seen", [line[2:] for line in told if line.startswith("E ")])


def late_timers() -> int:
    """Timers of running processes that should have fired half a minute ago."""
    count: int = _row(_LATE)[0]
    return count


def judge_replay(report: Report) -> None:
    """Every instance is rebuilt from its ledger, in as many processes as there are cores."""
    from django.db import connection

    from kniga.processes.models import Instance

    ids = list(Instance.objects.order_by("pk").values_list("pk", flat=True))
    connection.close()
    parts = os.cpu_count() or 1
    size = -(-len(ids) // (parts * 4))
    ranges = [(part[0], part[-1]) for part in (ids[first : first + size] for first in range(0, len(ids), size))]
    problems, events, count = [], 0, 0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(parts, mp_context=context, initializer=_set_up) as pool:
        for seen, read, wrong in pool.map(_replay, ranges):
            count, events, problems = count + seen, events + read, problems + wrong
    report.line("instances replayed from the ledger", count, "instances", goal=str(len(ids)), holds=count == len(ids))
    report.line("events replayed", events, "events")
    _none(report, "instances whose replay differs from what is stored, by a bit", problems)


def _set_up() -> None:
    import django

    django.setup()


def _replay(bounds: tuple[int, int]) -> tuple[int, int, list[str]]:
    from kniga.processes.running.replaying import replay_all

    first, last = bounds
    count, events, problems = 0, 0, []
    for replayed in replay_all(after=first - 1):
        if replayed.instance_id > last:
            break
        count, events = count + 1, events + replayed.events
        if replayed.problem:
            problems.append(f"instance {replayed.instance_id}: {replayed.problem}")
    return count, events, problems


def _wanted(definition: Any, state: Any) -> set[Wait]:
    from tests.engine.walking import expected_waits

    tasks = {
        (token.id, token.element, "task")
        for token in state.tokens
        if token.loop is None and definition.user_task(token.element) is not None
    }
    return set(expected_waits(definition, state)) | tasks


def _judge_pairs(report: Report, what: str, figures: tuple[Any, ...]) -> None:
    total, twice, apart = figures
    report.line(what, int(total), "times", goal="> 0", holds=total > 0)
    _nothing(report, f"{what}: twice", twice)
    _nothing(report, f"{what}: rows and ledger disagree", apart)


def _nothing(report: Report, name: str, count: int) -> None:
    report.line(name, count, "found", goal="0", holds=count == 0)


def _none(report: Report, name: str, found: Sequence[str]) -> None:
    for text in found[:10]:
        note(text)
    _nothing(report, name, len(found))


def _row(sql: str, values: Any = None) -> tuple[Any, ...]:
    return next(_rows(sql, values))


def _rows(sql: str, values: Any = None) -> Iterator[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield from cursor.fetchall()
