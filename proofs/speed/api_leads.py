"""Creating leads by the REST API: clients with a contact, each request with its own Idempotency-Key.

    python -m proofs.speed.api_leads

The callers run in processes of their own, so that their Python does not slow the server's.
"""

from __future__ import annotations

import http.client
import multiprocessing
import sys
import time

from proofs.harness import Kniga, Report, call, run
from proofs.speed.measuring import served_department

SECONDS = 6.0
PEERS = {1: "Tryton 69, EspoCRM 39", 8: "Tryton 67, EspoCRM 82"}
GOALS = {1: 150, 8: 250}


def main(report: Report) -> None:
    with served_department() as kniga:
        token = kniga.token("bench-api@bench.example", role="administrator")
        for callers, goal in GOALS.items():
            _calls(kniga, token, callers, 1.0)
            value = _calls(kniga, token, callers, SECONDS)
            name = f"create a client by the API, {callers} caller{'s' if callers > 1 else ''}"
            report.line(name, value, "requests/s", against=PEERS[callers], goal=f">= {goal}", holds=value >= goal)


def _calls(kniga: Kniga, token: str, callers: int, seconds: float) -> float:
    with multiprocessing.get_context("spawn").Pool(callers) as pool:
        began = time.time() + 1.0
        arguments = [(kniga.port, token, number, began, seconds) for number in range(callers)]
        return sum(pool.starmap(_caller, arguments)) / seconds


def _caller(port: int, token: str, number: int, began: float, seconds: float) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    call(connection, "GET", "/token", token=token)
    time.sleep(max(0.0, began - time.time()))
    made = 0
    while time.time() < began + seconds:
        serial = f"{time.time_ns()}{number}"
        body = {
            "name": f"ООО «Заявка {serial}»",
            "contacts": [{"name": "Анна Ткач", "emails": [f"lead{serial}@example.org"]}],
        }
        status, answer = call(connection, "POST", "/clients", token=token, body=body)
        if status != 201:
            raise RuntimeError(f"{status}: {answer}")
        made += 1
    return made


if __name__ == "__main__":
    sys.exit(run(main))
