"""Deals out of files: where they enter, what history they get, what an import leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone, translation

from kniga.catalog.models import Product
from kniga.clients.models import Client
from kniga.deals.models import Deal, DealLine, DealOwnership, LossReason, StageVisit
from kniga.imports.models import ImportJob
from kniga.imports.options import Options
from kniga.imports.report import Report
from kniga.imports.services import ImportStopped, apply_job, new_job
from kniga.imports.undoing import Forecast, forecast_undo, undo_job
from kniga.people.models import Branch, User
from kniga.people.roles import Role
from kniga.platform.errors import Refused
from kniga.platform.models import Event
from kniga.processes.models import Instance, Process, Task
from kniga.processes.services import complete_task
from kniga.processes.versions.definitions import forget_definitions
from kniga.processes.versions.publishing import install_books

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEALS = (
    "Номер;Сделка;Клиент;Ответственный;Товар;Стадия;Сумма;Создана;Закрыта;Причина\n"
    "1;Стеллажи;ООО Щит;Анна Жук;Стеллаж;В работе;;02.02.2026;;\n"
    "2;Тележки;ООО Щит;Анна Жук;Стеллаж;Выиграна;1 500,50;01.12.2025;15.01.2026;\n"
    "3;;;Анна Жук;;Проиграна;0;01.12.2025;11.12.2025;Цена\n"
)
STAGES = {"В работе": "needs"}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def rep() -> User:
    forget_definitions()
    install_books(language="en", by=None, now=NOW)
    return User.objects.create_user("anna@kniga.test", "x", name="Анна Жук", role=Role.REP, language="en")


class Files:
    def __init__(self, path: Path) -> None:
        self.path = path

    def imported(self, kind: str, text: str, **options: Any) -> tuple[ImportJob, Report]:
        self.path.write_text(text)
        job = new_job(kind=kind, file_name="deals.csv", options=Options(**options), by=None, now=NOW)
        return job, apply_job(job=job, path=self.path, by=None, now=NOW)

    def deals(self, text: str = DEALS, **options: Any) -> tuple[ImportJob, Report]:
        return self.imported("deals", text, **{"process": "b2b_sale", "stages": STAGES, **options})

    def stopped(self, text: str, **options: Any) -> Report:
        with pytest.raises(ImportStopped) as stopped:
            self.deals(text, **options)
        return stopped.value.report


@pytest.fixture
def files(tmp_path: Path, rep: User) -> Files:
    found = Files(tmp_path / "deals.csv")
    found.imported("clients", "name\nООО Щит\n")
    found.imported("products", "name;price\nСтеллаж;700\n")
    return found


def done(report: Report) -> dict[str, int]:
    return {action: count for action, count in report.counts.items() if count}


def day(moment: datetime | None) -> date | None:
    return None if moment is None else timezone.localdate(moment)


def test_open_deals_enter_the_process_and_closed_ones_are_history(files: Files, rep: User) -> None:
    _job, report = files.deals()
    assert done(report) == {"create": 3} and report.notes["without_client"] == 1
    going, won, lost = Deal.objects.order_by("external_key")
    task = Task.objects.get(deal=going)
    assert (task.element, task.status, task.assignee) == ("task_needs", "open", rep)
    assert task.client is not None and task.client.name == "ООО Щит"
    assert going.stage is not None and (going.stage.key, str(going.amount)) == ("needs", "700.00")
    visits = list(StageVisit.objects.filter(deal=going).order_by("id").values_list("stage__key", "is_inferred", "exit"))
    assert visits == [("lead", True, "passed"), ("contact", True, "passed"), ("needs", False, None)]
    assert day(StageVisit.objects.get(deal=going, left_at=None).entered_at) == date(2026, 2, 2)

    assert (won.status, str(won.amount), day(won.opened_at), day(won.closed_at)) == (
        "won", "1500.50", date(2025, 12, 1), date(2026, 1, 15),
    )  # fmt: skip
    last = StageVisit.objects.filter(deal=won).order_by("-id")[0]
    assert (last.stage.key, last.exit, last.is_inferred) == ("needs", "won", False)
    assert not Instance.objects.filter(deal=won).exists()
    assert lost.loss_reason == LossReason.objects.get(key="price") and lost.client is None and lost.name == "3"
    kinds = Event.objects.filter(deal_id=won.pk).order_by("at").values_list("kind", "at")
    assert [(kind, day(at)) for kind, at in kinds] == [
        ("deals.deal.created", date(2025, 12, 1)), ("deals.deal.won", date(2026, 1, 15)),
    ]  # fmt: skip
    assert DealOwnership.objects.get(deal=won).started_at == won.opened_at


def test_a_deal_that_moved_on_is_left_alone(files: Files, rep: User) -> None:
    files.deals()
    assert done(files.deals()[1]) == {"same": 3}
    deal = Deal.objects.get(external_key="1")
    complete_task(task_id=Task.objects.get(deal=deal).pk, outcome="no_need", answers=_answers(), by=rep, now=NOW)
    report = files.stopped(DEALS)
    assert done(report) == {"same": 2, "conflict": 1}
    assert "an import does not change it" in report.problems[0]["text"]
    assert done(files.deals(keep_present=True)[1]) == {"same": 3}
    deal.refresh_from_db()
    assert deal.status == "lost"


def test_an_amount_is_updated_with_its_line_and_taken_back(files: Files) -> None:
    files.deals()
    job, report = files.deals(DEALS.replace("1 500,50", "1 600,00"))
    assert done(report) == {"update": 1, "same": 2}
    deal = Deal.objects.get(external_key="2")
    assert str(deal.amount) == str(deal.lines.get().amount) == "1600.00"
    undo_job(job=job, by=None, now=NOW)
    deal.refresh_from_db()
    assert str(deal.amount) == str(deal.lines.get().amount) == "1500.50"


def test_undo_removes_the_untouched_and_keeps_the_worked_on(files: Files, rep: User) -> None:
    job, _report = files.deals()
    deal = Deal.objects.get(external_key="1")
    complete_task(task_id=Task.objects.get(deal=deal).pk, outcome="no_need", answers=_answers(), by=rep, now=NOW)
    head = User.objects.create_user("head@kniga.test", "x", name="Head", role=Role.HEAD)
    assert forecast_undo(job=job, by=head, now=NOW) == Forecast(removed=2, restored=0, kept=1)
    undone = undo_job(job=job, by=None, now=NOW)
    assert (undone.removed, undone.kept_count) == (2, 1)
    assert [one.external_key for one in Deal.objects.all()] == ["1"]
    assert Task.objects.filter(deal=deal).exists() and StageVisit.objects.filter(deal=deal).exists()


def test_what_nobody_has_explained_stops_its_rows(files: Files) -> None:
    report = files.stopped(DEALS.replace("ООО Щит", "ООО Щитт").replace("Анна Жук", "Ann"), stages={})
    assert report.waiting == 3
    asked = {(one["reference"], one["text"], one["suggestion"]) for one in report.unknown}
    assert asked == {("client", "ООО Щитт", "ООО Щит"), ("user", "Ann", ""), ("stage", "В работе", "")}
    assert not Deal.objects.exists()
    told = {"client": {"ООО Щитт": "ООО Щит"}}
    files.deals(DEALS.replace("ООО Щит", "ООО Щитт"), confirmed=told)
    _job, again = files.deals(DEALS.replace("ООО Щит", "ООО ЩИТТ"))
    assert done(again) == {"same": 3} and again.remembered == {"client": {"ООО ЩИТТ": "ООО Щит"}}
    assert Deal.objects.filter(client__name="ООО Щит").count() == 2 and Client.objects.count() == 1


def test_missing_clients_and_products_are_made_when_the_person_says_so(files: Files) -> None:
    text = DEALS.replace("ООО Щит", "АО Новое").replace(";Стеллаж;", ";Лестница;")
    job, report = files.deals(text, create_missing=("client", "product"))
    assert report.new == {"client": ["АО Новое"], "product": ["Лестница"]}
    undo_job(job=job, by=None, now=NOW)
    assert not Deal.objects.exists()
    assert not Client.objects.filter(name="АО Новое").exists()
    assert not Product.objects.filter(name="Лестница").exists()


def test_dates_that_cannot_be_are_errors_in_their_cells(files: Files) -> None:
    report = files.stopped(DEALS.replace("15.01.2026", "").replace("11.12.2025", "11.11.2025"))
    assert [(problem["row"], problem["column"]) for problem in report.problems] == [(3, "Закрыта"), (4, "Закрыта")]


def test_a_process_must_be_named_and_published(files: Files) -> None:
    with pytest.raises(Refused) as refused:
        files.deals(process=None)
    assert refused.value.code == "no_process" and "(b2b_sale)" in refused.value.message
    with pytest.raises(Refused):
        files.deals(process="nothing")


def _answers() -> dict[str, Any]:
    return {"loss_reason": "no_need"}


def test_an_amount_that_is_a_sum_of_lines_is_a_conflict(files: Files) -> None:
    files.deals()
    deal = Deal.objects.get(external_key="2")
    line = deal.lines.get()
    DealLine.objects.filter(pk=line.pk).update(discount=5)
    report = files.stopped(DEALS.replace("1 500,50", "1 600,00"))
    assert done(report) == {"same": 2, "conflict": 1} and report.problems[0]["column"] == "Сумма"


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'platform_event'::regclass")
        return {row[0] for row in cursor.fetchall()}


def test_a_day_that_has_not_come_is_an_error_at_its_cell(files: Files) -> None:
    before = partitions()
    report = files.stopped(DEALS.replace("15.01.2026", "31.12.2199").replace("02.02.2026", "03.03.2026"))
    assert [(problem["row"], problem["column"]) for problem in report.problems] == [(2, "Создана"), (3, "Закрыта")]
    assert {problem["text"] for problem in report.problems} == {"this day has not come yet"}
    files.deals(DEALS.replace("15.01.2026", "31.12.2199"), skip_errors=True)
    assert not {name for name in partitions() - before if name > "platform_event_2027"}


def test_the_ledger_gets_partitions_for_the_months_of_events_only(files: Files) -> None:
    before = partitions()
    files.deals(DEALS.replace("01.12.2025", "05.05.1905").replace("15.01.2026", "10.10.2001"))
    made = {name.removeprefix("platform_event_") for name in partitions() - before}
    assert made == {"200110", "202512", "202602"} - {name.removeprefix("platform_event_") for name in before}
    assert Event.objects.filter(at__year=1905).exists()


def test_open_deals_of_another_branch_are_refused_row_by_row(files: Files, rep: User) -> None:
    kazan = Branch.objects.create(name="Kazan")
    Process.objects.filter(key="b2b_sale").update(branch=kazan)
    User.objects.create_user("kamil@kniga.test", "x", name="Камиль", role=Role.REP, branch=kazan)
    text = (
        "Номер;Сделка;Ответственный;Стадия;Сумма;Создана;Закрыта\n"
        "1;Своя;Камиль;В работе;10;02.02.2026;\n"
        "2;Чужая;Анна Жук;В работе;10;02.02.2026;\n"
        "3;Ничья;;В работе;10;02.02.2026;\n"
        "4;История;Анна Жук;Выиграна;10;01.12.2025;15.01.2026\n"
    )
    report = files.stopped(text)
    assert (report.counts["create"], report.counts["error"]) == (2, 2)
    assert [(problem["row"], problem["column"]) for problem in report.problems] == [
        (3, "Ответственный"), (4, "Ответственный"),
    ]  # fmt: skip
    assert "the branch “Kazan”" in report.problems[0]["text"]
    files.deals(text, skip_errors=True)
    assert set(Deal.objects.values_list("name", flat=True)) == {"Своя", "История"}
    assert Instance.objects.count() == 1
