"""Fifty people complete the same task at once: one effect, forty-nine polite refusals, nothing else changed.

    python -m proofs.truth.parallel_completions [--parallel 50] [--rounds 3]

Each round opens a deal over the API and completes its first task from as many threads as asked, each on a
connection of its own with an Idempotency-Key of its own; in the last round through the pages' form instead, as
browsers do without JavaScript. Then the tables are compared with those before.
"""

from __future__ import annotations

import argparse
import http.client
import http.cookies
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import psycopg

from proofs.harness import PASSWORD, Kniga, Report, call, run

EMAIL = "proof@kniga.local"
PROCESS, OUTCOME, ANSWERS = "b2b_sale", "ready", {"call_reason": "A new warehouse"}
# What stands beside the deal under test: nothing of it may change.
OTHERS = """
SELECT md5(string_agg(t.line, '|' ORDER BY t.line)) FROM (
    SELECT to_jsonb(x)::text AS line FROM processes_task x WHERE x.deal_id <> %(deal)s
    UNION ALL SELECT to_jsonb(x)::text FROM processes_instance x WHERE x.deal_id <> %(deal)s
    UNION ALL SELECT to_jsonb(x)::text FROM deals_deal x WHERE x.id <> %(deal)s
    UNION ALL SELECT to_jsonb(x)::text FROM deals_stagevisit x WHERE x.deal_id <> %(deal)s
) t
"""
STATE = """
SELECT (SELECT count(*) FROM processes_task WHERE deal_id = %(deal)s AND status = 'done'),
       (SELECT count(*) FROM processes_task WHERE deal_id = %(deal)s AND status = 'open'),
       (SELECT count(*) FROM processes_task WHERE deal_id = %(deal)s),
       (SELECT count(*) FROM platform_event WHERE task_id = %(task)s AND kind = 'processes.task.completed'),
       (SELECT revision FROM processes_instance WHERE deal_id = %(deal)s),
       (SELECT count(*) FROM deals_stagevisit WHERE deal_id = %(deal)s)
"""
Sending = Callable[[int], tuple[int, str]]


def main(report: Report) -> None:
    chosen = _arguments()
    with Kniga.started() as kniga:
        token = kniga.token(EMAIL, role="administrator", name="Anna Proof")
        for number in range(chosen.rounds):
            by_form = number == chosen.rounds - 1
            deal, task = _open_deal(kniga, token, number)
            send = _form(kniga, task) if by_form else _api(kniga, token, task)
            before = _ask(kniga, OTHERS, deal, task)
            revision = _ask(kniga, STATE, deal, task)[4]
            answers = _all_at_once(send, chosen.parallel)
            _judge(report, kniga, f"round {number + 1}, {'form' if by_form else 'API'}", answers, deal, task, revision)
            same = _ask(kniga, OTHERS, deal, task) == before
            report.line(f"round {number + 1}: rows of other deals unchanged", same, "yes/no", goal="yes", holds=same)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parallel", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _open_deal(kniga: Kniga, token: str, number: int) -> tuple[int, int]:
    body = {"process": PROCESS, "name": f"Deal {number}"}
    status, answer = kniga.api("POST", "/deals", token=token, body=body)
    if status != 201:
        raise RuntimeError(f"a deal could not be opened: {status} {answer}")
    return int(answer["deal"]["id"]), int(answer["tasks"][0])


def _api(kniga: Kniga, token: str, task: int) -> Sending:
    def send(number: int) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", kniga.port, timeout=60)
        body = {"outcome": OUTCOME, "answers": ANSWERS}
        status, answer = call(connection, "POST", f"/tasks/{task}/complete", token=token, body=body)
        connection.close()
        return status, str(answer.get("detail", "") if isinstance(answer, dict) else answer)

    return send


def _form(kniga: Kniga, task: int) -> Sending:
    """Send the page's form with one person's session."""
    cookies, csrf = _sign_in(kniga)
    fields = {"outcome": OUTCOME, "csrfmiddlewaretoken": csrf}
    body = urlencode(fields | {f"answer-{key}": value for key, value in ANSWERS.items()})

    def send(number: int) -> tuple[int, str]:
        status, _headers, page = _request(kniga, "POST", f"/tasks/{task}/complete/", cookies, body)
        # A redirect to the next task is what a browser without JavaScript gets for a success.
        told = re.search(r'role="alert".*?<p>(.*?)</p>', page, re.DOTALL)
        return (200 if status == 302 else status), told[1] if told else ""

    return send


def _sign_in(kniga: Kniga) -> tuple[dict[str, str], str]:
    _status, headers, page = _request(kniga, "GET", "/accounts/login/", {}, None)
    cookies = _cookies(headers)
    csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert csrf is not None, "the sign-in page has a form"
    fields = {"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": csrf[1]}
    status, headers, _page = _request(kniga, "POST", "/accounts/login/", cookies, urlencode(fields))
    if status != 302:
        raise RuntimeError(f"signing in failed with {status}")
    cookies |= _cookies(headers)
    _status, _headers, page = _request(kniga, "GET", "/desk/", cookies, None)
    token = re.search(r'"X-CSRFToken": "([^"]+)"', page)
    assert token is not None, "every page carries the token of its forms"
    return cookies, token[1]


def _request(
    kniga: Kniga, method: str, path: str, cookies: dict[str, str], body: str | None
) -> tuple[int, list[tuple[str, str]], str]:
    connection = http.client.HTTPConnection("127.0.0.1", kniga.port, timeout=60)
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Accept-Language": "en"}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    page = response.read().decode()
    connection.close()
    return response.status, response.getheaders(), page


def _cookies(headers: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        if name.lower() == "set-cookie":
            found |= {key: morsel.value for key, morsel in http.cookies.SimpleCookie(value).items()}
    return found


def _all_at_once(send: Sending, parallel: int) -> list[tuple[int, str]]:
    """Every thread waits at the gate, then all send."""
    gate = threading.Barrier(parallel)
    answers: list[tuple[int, str]] = []

    def run_one(number: int) -> None:
        gate.wait()
        answers.append(send(number))

    threads = [threading.Thread(target=run_one, args=(number,)) for number in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _ask(kniga: Kniga, sql: str, deal: int, task: int) -> tuple[Any, ...]:
    with psycopg.connect(f"postgresql://kniga@/kniga?host={kniga.home}/postgres-socket") as connection:
        found = connection.execute(sql, {"deal": deal, "task": task}).fetchone()
    assert found is not None
    return found


def _judge(
    report: Report, kniga: Kniga, where: str, answers: list[tuple[int, str]], deal: int, task: int, revision: int
) -> None:
    counted = Counter(status for status, _text in answers)
    refused = len(answers) - 1
    # All fifty are Anna's: the API names her, the page says that it was herself, in another tab.
    polite = sum(
        status == 409 and ("Anna Proof" in text or "You completed this task" in text) for status, text in answers
    )
    report.line(f"{where}: completions accepted", counted[200], "answers", goal="1", holds=counted[200] == 1)
    report.line(
        f"{where}: refusals that say who was first", polite, "answers", goal=str(refused), holds=polite == refused
    )
    done, still_open, tasks, events, now, visits = _ask(kniga, STATE, deal, task)
    report.line(f"{where}: tasks done", done, "tasks", goal="1", holds=done == 1)
    report.line(f"{where}: next tasks", still_open, "tasks", goal="1", holds=(still_open, tasks) == (1, 2))
    report.line(f"{where}: completions in the ledger", events, "events", goal="1", holds=events == 1)
    report.line(f"{where}: steps of the process", now - revision, "steps", goal="1", holds=now - revision == 1)
    report.line(f"{where}: stage visits", visits, "visits", goal="2", holds=visits == 2)


if __name__ == "__main__":
    sys.exit(run(main))
