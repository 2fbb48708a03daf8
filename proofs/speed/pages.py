"""Lists, board, funnel and search on the made department, over HTTP, with the statements each page sends.

    python -m proofs.speed.pages

Times are medians over kept connections to `kniga run` with two web workers. Statements are counted in this process,
once for a page with one row and once for a full one: they must be the same.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from urllib.parse import quote

from proofs.harness import Kniga, Report, run
from proofs.speed.measuring import HEAD, REP, page_line, served_department, session_of, visitor

LIST = "/deals/?status=open&stage={stage}&sort=-amount"
LIST_PEERS = "EspoCRM 20, Tryton 36, Odoo 50, Frappe 152, Django-CRM 361"
REP_PEERS = "Odoo 316, EspoCRM 168"
ALL_PEERS = "Odoo 441, EspoCRM 1860, Frappe 2162"
FUNNEL_PEERS = "plain group-by: EspoCRM 110, Odoo 136, Tryton 160"
SEARCH_PEERS = "EspoCRM 60, Frappe 72, Odoo 129, Tryton 199, Django-CRM 293"


def main(report: Report) -> None:
    with served_department() as kniga:
        stage = _stage("proposal")
        full = LIST.format(stage=stage)
        _time(report, kniga, HEAD, "list of 50 deals, filtered and sorted", full, 10, LIST_PEERS)
        _time(report, kniga, HEAD, "list of 50 clients by name", "/clients/?sort=name", 10, LIST_PEERS)
        _time(report, kniga, REP, "board of a rep", "/board/", 30, REP_PEERS)
        _time(report, kniga, HEAD, "board of all", "/board/", 60, ALL_PEERS)
        _time(report, kniga, HEAD, "funnel with losses and split by rep", "/funnel/", 50, FUNNEL_PEERS)
        _time(report, kniga, HEAD, "funnel split by product", "/funnel/?by=product", 50, FUNNEL_PEERS)
        _search(report, kniga)
        for name, one, many, most in (
            ("list of deals", f"/deals/?q={quote(_deal_name())}", full, 8),
            ("list of clients", f"/clients/?q={quote(_client_inn())}", "/clients/", 8),
            ("funnel", f"/funnel/?rep={_rep()}", "/funnel/", 20),
        ):
            _statements(report, name, one, many, most)


def _time(report: Report, kniga: Kniga, email: str, name: str, address: str, goal: float, peers: str) -> None:
    browser = visitor(kniga.port, email)
    page_line(report, kniga, name, lambda _number: browser.get(address), goal=goal, peers=peers)


def _search(report: Report, kniga: Kniga) -> None:
    """Companies by a part from the middle of their names, as the palette and the list of clients find them."""
    parts = _parts_of_names(70)
    browser = visitor(kniga.port, HEAD)
    ways: tuple[tuple[str, Callable[[int], object]], ...] = (
        ("palette: anything by a part of a company's name", lambda n: browser.get(f"/search/?q={parts[n]}")),
        ("list: company by any part of its name", lambda n: browser.get(f"/clients/?q={parts[n]}")),
        ("query: company by any part of its name", _query(parts)),
    )
    for name, act in ways:
        page_line(report, kniga, name, act, goal=15, peers=SEARCH_PEERS, times=50)


def _query(parts: list[str]) -> Callable[[int], object]:
    from urllib.parse import unquote

    from kniga.clients.search import search_clients
    from kniga.people.models import User

    head = User.objects.get(email=HEAD)
    return lambda number: search_clients(user=head, text=unquote(parts[number]), limit=6)


def _statements(report: Report, name: str, one: str, many: str, most: int) -> None:
    counts = [_count(one), _count(many)]
    report.line(
        f"statements of the {name}, full page", counts[1], "statements", against=f"{counts[0]} with one row",
        goal=f"<= {most}, the same for any number of rows", holds=counts[0] == counts[1] <= most,
    )  # fmt: skip


def _count(address: str) -> int:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    browser = Client(headers={"host": "localhost"})
    browser.cookies.load(session_of(HEAD))
    browser.get(address)
    with CaptureQueriesContext(connection) as captured:
        status = browser.get(address).status_code
    if status != 200:
        raise RuntimeError(f"{address}: {status}")
    return len(captured)


def _parts_of_names(number: int) -> list[str]:
    from kniga.clients.models import Client

    dice = random.Random(4)
    ids = [dice.randrange(1, 90_000) for _ in range(number * 2)]
    names = [name.strip("«»") for name in Client.objects.filter(pk__in=ids).values_list("name", flat=True)]
    parts = []
    for name in names[:number]:
        start = dice.randrange(4, max(len(name) - 7, 5))
        parts.append(quote(name[start : start + dice.randrange(5, 9)].strip("«» ")))
    return parts


def _stage(key: str) -> int:
    from kniga.deals.models import Stage

    return Stage.objects.get(pipeline__key="b2b_sale", key=key).pk


def _rep() -> int:
    from kniga.people.models import User

    return User.objects.get(email=REP).pk


def _deal_name() -> str:
    from kniga.deals.models import Deal

    return Deal.objects.order_by("-pk").values_list("name", flat=True)[0]


def _client_inn() -> str:
    from kniga.clients.models import Client

    return Client.objects.order_by("pk").values_list("inn", flat=True)[4711]


if __name__ == "__main__":
    sys.exit(run(main))
