"""Kill PostgreSQL, the web server and the worker while tasks are completed; nothing acknowledged may be lost.

    python -m proofs.faults.kill9 [--completions 1000] [--clients 4]

Every deal gets one completion of its first task, sent again under the same Idempotency-Key until it is answered.
During that, PostgreSQL, the web server's head, one web process and the job worker are each killed several times.
Then the ledger and the tables are asked: each acknowledged completion is there exactly once.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import secrets
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psutil
import psycopg

from proofs.harness import Kniga, Report, call, note, run, until

PROCESS, OUTCOME = "b2b_sale", "ready"
VICTIMS = ("postgres", "granian head", "granian process", "kniga.runtime.worker")
ROUNDS = 3


@dataclass
class Tally:
    """What clients were told."""

    acknowledged: dict[int, list[int]] = field(default_factory=dict)
    retried: int = 0
    refused: list[tuple[int, int, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main(report: Report) -> None:
    chosen = _arguments()
    with Kniga.started() as kniga:
        token = kniga.token("proof@kniga.local", role="administrator")
        tasks = _open_deals(kniga, token, chosen.completions, chosen.clients)
        note(f"{len(tasks)} deals open; completing while processes are killed")
        tally, kills, seconds = _complete_all(kniga, token, tasks, chosen.clients)
        came_back = until(kniga.is_ready)
        report.line("ready again after the last kill", came_back, "yes/no", goal="yes", holds=came_back)
        _judge(report, kniga, tasks, tally, kills, seconds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--completions", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=4)
    return parser.parse_args()


def _open_deals(kniga: Kniga, token: str, count: int, clients: int) -> list[int]:
    """Open deals over the API; returns the first task of each."""

    def open_some(numbers: range) -> list[int]:
        connection = http.client.HTTPConnection("127.0.0.1", kniga.port, timeout=30)
        tasks = []
        for number in numbers:
            body = {"process": PROCESS, "name": f"Deal {number}"}
            status, answer = call(connection, "POST", "/deals", token=token, body=body)
            if status != 201:
                raise RuntimeError(f"a deal could not be opened: {status} {answer}")
            tasks.append(int(answer["tasks"][0]))
        connection.close()
        return tasks

    with ThreadPoolExecutor(clients) as pool:
        shares = pool.map(open_some, [range(first, count, clients) for first in range(clients)])
        return [task for share in shares for task in share]


def _complete_all(kniga: Kniga, token: str, tasks: list[int], clients: int) -> tuple[Tally, Counter[str], float]:
    tally = Tally()
    done = threading.Event()
    kills: Counter[str] = Counter()
    _, detail = kniga.api("GET", f"/tasks/{tasks[0]}", token=token)
    body = {"outcome": OUTCOME, "answers": _answers(detail)}
    killer = threading.Thread(target=_kill_around, args=(kniga, done, kills, tally, len(tasks)))
    started = time.monotonic()
    killer.start()
    with ThreadPoolExecutor(clients) as pool:
        for share in range(clients):
            pool.submit(_complete_some, kniga, token, tasks[share::clients], body, tally)
    done.set()
    killer.join()
    return tally, kills, time.monotonic() - started


def _answers(detail: dict[str, Any]) -> dict[str, Any]:
    """An answer for every question the step demands, by its type."""
    made: dict[str, Any] = {}
    for question in detail["questions"]:
        kind = question.get("type") or question.get("kind")
        choices = question.get("choices") or question.get("options") or []
        first = choices[0] if choices else None
        value = first.get("key") if isinstance(first, dict) else first
        plain = {"number": 1, "integer": 1, "money": 1, "boolean": True, "yes_no": True, "date": "2031-01-15"}
        if kind in {"choices", "many", "multiple"}:
            made[question["key"]] = [value]
        else:
            made[question["key"]] = value if value is not None else plain.get(str(kind), "answered")
    return made


def _complete_some(kniga: Kniga, token: str, tasks: list[int], body: dict[str, Any], tally: Tally) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", kniga.port, timeout=20)
    for task in tasks:
        key = secrets.token_hex(16)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                status, answer = call(connection, "POST", f"/tasks/{task}/complete", token=token, body=body, key=key)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                connection.close()
                status, answer = 0, None
            if status == 200:
                with tally.lock:
                    tally.acknowledged[task] = answer["tasks"]
                break
            with tally.lock:
                tally.retried += 1
            if 400 <= status < 500 and not _is_in_progress(status, answer):
                with tally.lock:
                    tally.refused.append((task, status, answer))
                break
            time.sleep(0.05)
    connection.close()


def _is_in_progress(status: int, answer: Any) -> bool:
    """A repeat that came while the first sending is still at work is told so, and may come again."""
    return status == 409 and isinstance(answer, dict) and "idempotency" in json.dumps(answer).lower()


def _kill_around(kniga: Kniga, done: threading.Event, kills: Counter[str], tally: Tally, total: int) -> None:
    """Kill one part after the other, spread over the completions."""
    order = list(VICTIMS) * ROUNDS
    random.Random(4).shuffle(order)
    for place, victim in enumerate(order, 1):
        threshold = total * place // (len(order) + 1)
        while len(tally.acknowledged) < threshold and not done.is_set():
            time.sleep(0.01)
        if done.is_set():
            return
        found = _victim(kniga, victim)
        if found is not None:
            found.kill()
            kills[victim] += 1
            note(f"killed {victim} after {len(tally.acknowledged)} completions")


def _victim(kniga: Kniga, name: str) -> psutil.Process | None:
    granian = [*kniga.processes("granian")]
    heads = [found for found in granian if found.ppid() == kniga.process.pid]
    found = {
        "postgres": [found for found in kniga.processes("postgres") if found.ppid() == kniga.process.pid],
        "granian head": heads,
        "granian process": [found for found in granian if found not in heads],
        "kniga.runtime.worker": kniga.processes("kniga.runtime.worker"),
    }[name]
    return found[0] if found else None


def _judge(report: Report, kniga: Kniga, tasks: list[int], tally: Tally, kills: Counter[str], seconds: float) -> None:
    answered = len(tally.acknowledged)
    with psycopg.connect(f"postgresql://kniga@/kniga?host={kniga.home}/postgres-socket") as connection:
        rows = connection.execute(
            "SELECT task_id, count(*) FROM platform_event WHERE kind = 'processes.task.completed'"
            " AND task_id = ANY(%s) GROUP BY task_id",
            [tasks],
        ).fetchall()
        state = connection.execute(
            "SELECT count(*) FILTER (WHERE status = 'done'), count(*) FROM processes_task WHERE id = ANY(%s)", [tasks]
        ).fetchone()
        following = connection.execute(
            "SELECT max(n), count(*) FROM (SELECT count(*) AS n FROM processes_task WHERE NOT id = ANY(%s)"
            " GROUP BY instance_id) AS per_instance",
            [tasks],
        ).fetchone()
    assert state is not None and following is not None
    events = {int(task): int(count) for task, count in rows}
    lost = [task for task in tally.acknowledged if task not in events]
    twice = [task for task, count in events.items() if count > 1]
    killed = sum(kills.values())
    report.line("processes killed", killed, "kills", goal=f">= {len(VICTIMS)}", holds=killed >= len(VICTIMS))
    report.line("completions acknowledged", answered, "tasks", goal=str(len(tasks)), holds=answered == len(tasks))
    report.line("acknowledged completions lost", len(lost), "tasks", goal="0", holds=not lost)
    report.line("completions recorded twice", len(twice), "tasks", goal="0", holds=not twice)
    report.line("tasks done in the table", state[0], "tasks", goal=str(len(events)), holds=state[0] == len(events))
    report.line(
        "next tasks per deal, at most", following[0], "tasks", goal="1", holds=following[0] == 1
    )  # a second one would mean that a completion took effect twice
    report.line("polite refusals", len(tally.refused), "answers", goal="0", holds=not tally.refused)
    if tally.refused:
        note(f"first refusal: {tally.refused[0]}")
    report.line("requests sent again", tally.retried, "requests")
    report.line("time for all, kills included", seconds, "s")


if __name__ == "__main__":
    sys.exit(run(main))
