"""A proposal not sent in two working days is a deviation at the very minute, over a weekend and a public holiday.

    python -m proofs.truth.control_points [--deals 200] [--watched 20000]

The shipped sales book on a virtual clock: the step of the proposal opens on the Thursday before the Day of Russia (a
Friday), so its two working days end on the Tuesday after. The moments expected are counted here minute by minute, from
the bare rule (nine to six, no weekend, no holiday), and the workers look every minute. The lead is told under the bell
and by a letter through a real SMTP server; the head four working hours later; sending the proposal closes it. Then many
deals are due at once, and two workers look at the same moment: each is raised and told once. At last very many steps
are watched, ten of them due: what a round reads is counted by the database.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from kniga.runtime.session import database
from proofs.harness import Report, note, run, temporary_home
from proofs.post_office import PostOffice, post_office

MOSCOW: Final = ZoneInfo("Europe/Moscow")
OPENED: Final = datetime(2026, 6, 11, 15, 0, tzinfo=MOSCOW)
HOLIDAYS: Final = frozenset({date(2026, 6, 12)})
MINUTE: Final = timedelta(minutes=1)
TWO_DAYS: Final = 2 * 8 * 60
FOUR_HOURS: Final = 4 * 60


def main(report: Report) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=200)
    parser.add_argument("--watched", type=int, default=20_000)
    asked = parser.parse_args()
    with temporary_home() as home, post_office() as office:
        os.environ |= {"KNIGA_HOME": str(home), "KNIGA_SMTP_HOST": "127.0.0.1", "KNIGA_SMTP_PORT": str(office.port)}
        os.environ |= {"KNIGA_MAIL_FROM": "kniga@proof.example", "KNIGA_ORIGINS": "https://crm.proof.example"}
        os.environ.pop("DATABASE_URL", None)
        with database():
            department = _furnish()
            _one_deal(report, department, office)
            _two_workers(report, department, office, asked.deals)
            _one_round(report, department, asked.watched)


def counted(start: datetime, minutes: int) -> datetime:
    """The moment so many working minutes after `start`, counted one by one."""
    moment = start
    while minutes:
        here = moment.astimezone(MOSCOW)
        minutes -= 9 <= here.hour < 18 and here.weekday() < 5 and here.date() not in HOLIDAYS
        moment += MINUTE
    return moment


def _furnish() -> dict[str, Any]:
    from kniga.people.models import Branch, Team, User
    from kniga.platform.ledger import ensure_partitions
    from kniga.processes.versions.publishing import install_books

    ensure_partitions(OPENED.date(), OPENED.date() + timedelta(days=62))
    branch = Branch.objects.create(name="Proof")
    lead = User.objects.create_user("lead@proof.example", name="Lena Lead", role="lead", branch=branch, language="en")
    team = Team.objects.create(name="Proof", branch=branch, lead=lead)
    head = User.objects.create_user("head@proof.example", name="Hanna Head", role="head", branch=branch, language="en")
    rep = User.objects.create_user("rep@proof.example", name="Roman Rep", role="rep", branch=branch, team=team)
    install_books(language="en", by=None, now=OPENED)
    return {"lead": lead, "head": head, "rep": rep}


def _open(department: dict[str, Any], number: int, now: datetime) -> int:
    """A deal at the step of the proposal; the id of its task."""
    from kniga.processes.opening import start_deal

    opened = start_deal(
        client=None, process_key="b2b_sale", owner=department["rep"], element="task_proposal", by=department["rep"],
        now=now, name=f"Deal {number}", amount=Decimal(1000 + number),
    )  # fmt: skip
    return opened.created[0]


def _one_deal(report: Report, department: dict[str, Any], office: PostOffice) -> None:
    from kniga.people.models import Notice
    from kniga.processes.models import Deviation
    from kniga.processes.services import complete_task

    note("one deal, minute by minute")
    task = _open(department, 1, OPENED)
    due = counted(OPENED, TWO_DAYS)
    raised = _first_minute(OPENED, due + timedelta(hours=1), Deviation.objects.exists)
    report.line("the deviation is raised", _shown(raised), "moment", goal=_shown(due), holds=raised == due)
    bell = Counter(Notice.objects.filter(in_app=True).exclude(kind="book").values_list("user__email", "kind"))
    wanted = {("lead@proof.example", "deviation"): 1}
    report.line("told under the bell", _people(bell), "people", goal="the lead, once", holds=bell == wanted)
    office.refusing = 1
    _send_letters()
    refused = len(office.letters)
    _send_again(report)
    letters = office.to("lead@proof.example")
    leads_back = len(letters) == 1 and "https://crm.proof.example/deals/" in letters[0].get_content()
    report.line("letters to the lead", len(letters), "letters", against="a mail server that turns the first one away",
                goal="1, with a link to the deal", holds=refused == 0 and leads_back)  # fmt: skip

    second = counted(due, FOUR_HOURS)
    climbed = _first_minute(due, second + timedelta(hours=1), Deviation.objects.filter(rung=1).exists)
    report.line("the head is told", _shown(climbed), "moment", goal=_shown(second), holds=climbed == second)
    _send_again(report)
    letters = office.to("head@proof.example")
    report.line("letters to the head", len(letters), "letters", goal="1", holds=len(letters) == 1)

    done = second + timedelta(minutes=7)
    answers = {"proposal_amount": "1001"}
    complete_task(task_id=task, outcome="ready", answers=answers, by=department["rep"], now=done)
    closed = _first_minute(done, done + timedelta(minutes=5), Deviation.objects.filter(state="closed").exists)
    row = Deviation.objects.get()
    report.line("the proposal goes out, the deviation closes", _shown(closed), "moment", goal=_shown(done),
                holds=closed == done == row.closed_at and row.how == "cured")  # fmt: skip
    _look(done + timedelta(days=30))
    report.line("deviations a month later", Deviation.objects.count(), "deviations", goal="1, closed",
                holds=Deviation.objects.count() == 1 and Deviation.objects.get().state == "closed")  # fmt: skip


def _two_workers(report: Report, department: dict[str, Any], office: PostOffice, number: int) -> None:
    from kniga.people.models import Notice
    from kniga.processes.models import Deviation

    note(f"{number} deals due at once, two workers")
    Deviation.objects.all().delete()
    Notice.objects.all().delete()
    office.letters.clear()
    start = datetime(2026, 7, 6, 10, 0, tzinfo=MOSCOW)
    for place in range(number):
        _open(department, place + 2, start)
    due = counted(start, TWO_DAYS)
    _at_once(lambda: _look(due))
    per_deal = Counter(Deviation.objects.values_list("deal_id", flat=True))
    once = len(per_deal) == number and set(per_deal.values()) == {1}
    report.line(f"{number} deals, two workers at once: deviations", sum(per_deal.values()), "deviations",
                goal=f"{number}, one each", holds=once)  # fmt: skip
    told = Notice.objects.count()
    report.line("notices", told, "notices", goal=str(number), holds=told == number)
    ids = list(Notice.objects.values_list("pk", flat=True))

    def send() -> None:
        from kniga.people.letters import send_queued

        send_queued(notice_ids=ids, now=due)

    _at_once(send)
    sent = {letter["Message-ID"] for letter in office.letters}
    report.line("letters sent by two workers at once", len(office.letters), "letters", goal=f"{number}, each once",
                holds=len(office.letters) == len(sent) == number)  # fmt: skip


COPIES: Final = """
INSERT INTO deals_deal SELECT (jsonb_populate_record(d, jsonb_build_object('id', 1000000 + n, 'number', 1000000 + n))).*
FROM deals_deal d, generate_series(1, %(number)s) n WHERE d.id = %(deal)s;
INSERT INTO processes_instance
SELECT (jsonb_populate_record(i, jsonb_build_object('id', 1000000 + n, 'deal_id', 1000000 + n))).*
FROM processes_instance i, generate_series(1, %(number)s) n WHERE i.deal_id = %(deal)s;
INSERT INTO processes_task SELECT (jsonb_populate_record(t, jsonb_build_object(
    'id', 1000000 + n, 'deal_id', 1000000 + n, 'instance_id', 1000000 + n))).*
FROM processes_task t, generate_series(1, %(number)s) n WHERE t.deal_id = %(deal)s AND t.status = 'open';
INSERT INTO processes_controlwatch SELECT (jsonb_populate_record(w, jsonb_build_object(
    'id', 1000000 + n, 'instance_id', 1000000 + n))).*
FROM processes_controlwatch w JOIN processes_instance i ON i.id = w.instance_id, generate_series(1, %(number)s) n
WHERE i.deal_id = %(deal)s;
"""
"""A deal with its open step and what that watches, so many times more."""
READ: Final = """
SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables
WHERE relname IN ('processes_controlwatch', 'processes_controlmark', 'processes_task', 'processes_deviation')
"""


def _one_round(report: Report, department: dict[str, Any], number: int) -> None:
    from django.db import connection

    from kniga.deals.models import Deal
    from kniga.processes.models import ControlWatch, Deviation, Task

    note(f"{number} open steps are watched, ten are due")
    Deviation.objects.all().delete()
    early, late = datetime(2026, 8, 3, 10, 0, tzinfo=MOSCOW), datetime(2026, 8, 10, 10, 0, tzinfo=MOSCOW)
    for place in range(10):
        _open(department, 5_000 + place, early)
    model = Task.objects.get(pk=_open(department, 6_000, late)).deal_id
    due = counted(early, TWO_DAYS)
    _look(due - 2 * MINUTE)
    few = _round(due - MINUTE)[0]
    with connection.cursor() as cursor:
        for sql in COPIES.split(";")[:-1]:
            cursor.execute(sql, {"number": number, "deal": model})
        cursor.execute("ANALYZE")
    watched = ControlWatch.objects.filter(state="scheduled").count()
    report.line("open steps that are watched", watched, "steps", goal=f">= {number}", holds=watched >= number)
    statements, rows, seconds = _round(due - MINUTE)
    report.line("a round with nothing due", statements, "statements", goal=f"{few}, as with few watched",
                holds=statements == few == 1)  # fmt: skip
    report.line("what it read", rows, "rows", goal="<= 1", holds=rows <= 1)
    report.line("it took", round(seconds * 1000, 2), "ms", goal="<= 50", holds=seconds <= 0.05)
    statements, rows, seconds = _round(due)
    raised = Deviation.objects.count()
    report.line("a round with ten due raised", raised, "deviations", goal="10", holds=raised == 10)
    report.line("what it read", rows, "rows", goal="<= 300: by what is due", holds=rows <= 300)
    report.line("it took", round(seconds * 1000, 2), "ms", goal="<= 1000", holds=seconds <= 1)
    Deal.objects.filter(pk=Deviation.objects.earliest("pk").deal_id).update(amount=Decimal(77))
    statements, rows, seconds = _round(due + MINUTE)
    followed = Deviation.objects.filter(at_risk=Decimal(77)).count()
    report.line("a round after one deal changed read", rows, "rows", goal="<= 60, its deviation follows",
                holds=rows <= 60 and followed == 1)  # fmt: skip


def _round(now: datetime) -> tuple[int, int, float]:
    """One round of the control points: statements, rows read of its tables, seconds."""
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from kniga.platform.sqlparts import rows_of
    from kniga.processes.control.control_points import look_at_controls

    with transaction.atomic():
        before = int(rows_of(READ, [])[0][0])
        with CaptureQueriesContext(connection) as captured:
            began = time.perf_counter()
            look_at_controls(now=now)
            seconds = time.perf_counter() - began
        return len(captured), int(rows_of(READ, [])[0][0]) - before, seconds


WAIT = """
SELECT coalesce(max(extract(epoch FROM scheduled_at - now())), 0) FROM procrastinate_jobs WHERE status = 'todo'
"""


def _first_minute(start: datetime, end: datetime, is_so: Callable[[], bool]) -> datetime | None:
    """The first minute after whose look something is so."""
    moment = start
    while moment <= end:
        _look(moment)
        if is_so():
            return moment.astimezone(MOSCOW)
        moment += MINUTE
    return None


def _look(now: datetime) -> None:
    """A round of the worker, all of it."""
    from kniga.processes.background.pump import run_due

    run_due(now=now)


def _send_letters() -> None:
    """Run the jobs that wait, as a worker does; those that fail are left for a later try."""
    from procrastinate.contrib.django import app as shared

    async def work() -> None:
        connector: Any = shared.connector
        with shared.replace_connector(connector.get_worker_connector()) as app:
            async with app.open_async():
                await app.run_worker_async(queues=["letters"], wait=False, install_signal_handlers=False)

    asyncio.run(work())


def _send_again(report: Report) -> None:
    """The same when the waiting time of the failed jobs is over."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(WAIT)
        seconds = float(cursor.fetchone()[0])
        report.line("a letter turned away is tried again after", seconds, "s", goal="<= 3600", holds=seconds <= 3600)
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    _send_letters()


def _at_once(act: Callable[[], None]) -> None:
    """The same act in two threads, each on a connection of its own, begun together."""
    from django.db import connection

    gate = threading.Barrier(2)

    def one() -> None:
        gate.wait()
        try:
            act()
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _shown(moment: datetime | None) -> str:
    return "never" if moment is None else moment.astimezone(MOSCOW).strftime("%a %d %B %Y, %H:%M")


def _people(bell: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{email} ({kind}) {count}" for (email, kind), count in bell.items())


if __name__ == "__main__":
    sys.exit(run(main))
