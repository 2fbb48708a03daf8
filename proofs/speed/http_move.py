"""Moving a deal over HTTP with its next task: the task's page, the board's dialog and the REST API.

    python -m proofs.speed.http_move

Deals of the made department go from needs to the proposal; the answer holds the next task (page, API) or tells the
board to show itself anew. Served by `kniga run` with two web workers.
"""

from __future__ import annotations

import http.client
import itertools
import sys
from collections.abc import Callable, Iterator

from proofs.harness import Kniga, Report, call, run
from proofs.speed.measuring import HEAD, WARM, page_line, served_department, visitor

STEP, OUTCOME = "task_needs", "needs_clear"
ANSWERS = {"need": "Сорок стеллажей", "budget": "named", "decision_maker": "Директор"}
FORM = {"outcome": OUTCOME, **{f"answer-{key}": value for key, value in ANSWERS.items()}}
PEERS = "without a next task: Tryton 14, Odoo 18, EspoCRM 21"
TIMES = 100


def main(report: Report) -> None:
    with served_department() as kniga:
        tasks = _open_tasks(3 * (TIMES + WARM))
        for name, act in (
            ("complete by the REST API", _by_api(kniga, tasks)),
            ("move on the board", _on_board(kniga, tasks)),
            ("complete on the task's page", _on_page(kniga, tasks)),
        ):
            page_line(report, kniga, name, act, goal=10, peers=PEERS, times=TIMES)


def _by_api(kniga: Kniga, tasks: Iterator[tuple[int, int]]) -> Callable[[int], object]:
    token = kniga.token("bench-api@bench.example", role="administrator")
    connection = http.client.HTTPConnection("127.0.0.1", kniga.port, timeout=60)

    def act(_number: int) -> None:
        task, _deal = next(tasks)
        body = {"outcome": OUTCOME, "answers": ANSWERS}
        status, answer = call(connection, "POST", f"/tasks/{task}/complete", token=token, body=body)
        if status != 200:
            raise RuntimeError(f"{status}: {answer}")

    return act


def _on_page(kniga: Kniga, tasks: Iterator[tuple[int, int]]) -> Callable[[int], object]:
    browser = visitor(kniga.port, HEAD)
    return lambda _number: browser.post(f"/tasks/{next(tasks)[0]}/complete/", FORM)


def _on_board(kniga: Kniga, tasks: Iterator[tuple[int, int]]) -> Callable[[int], object]:
    browser = visitor(kniga.port, HEAD)

    def act(_number: int) -> None:
        task, deal = next(tasks)
        browser.post(f"/board/deals/{deal}/move/{task}/", {"to": "proposal", **FORM})

    return act


def _open_tasks(needed: int) -> Iterator[tuple[int, int]]:
    from kniga.processes.models import Task

    open_ones = Task.objects.filter(element=STEP, status="open").order_by("pk").values_list("pk", "deal_id")
    found = list(itertools.islice(open_ones, needed))
    if len(found) < needed:
        raise SystemExit("too few deals are left at the needs: make the department anew (made_department --again)")
    return iter(found)


if __name__ == "__main__":
    sys.exit(run(main))
