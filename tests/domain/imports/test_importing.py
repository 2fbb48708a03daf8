"""What an import decides for each row, writes, and takes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.utils import translation

from kniga.catalog.models import Product
from kniga.clients.contact_services import ContactInput
from kniga.clients.models import Channel, Client, Contact, Industry, Ownership, Region
from kniga.clients.search_text import refresh_search_text
from kniga.clients.services import create_client, update_client
from kniga.imports.jobs import carry_out, queue_job
from kniga.imports.models import ImportJob, ImportRow, JobStatus
from kniga.imports.options import Options
from kniga.imports.report import Report
from kniga.imports.services import ImportStopped, apply_job, check_job, import_file, new_job
from kniga.imports.setup import Explanation, bring_file, check, explain, settle
from kniga.imports.undoing import undo_job
from kniga.people.models import Branch, Team, User
from kniga.people.roles import Role
from kniga.platform.errors import Conflict, Refused
from kniga.platform.models import Event
from kniga.platform.requisites import is_inn

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def head() -> User:
    return User.objects.create_user("head@kniga.test", "correct horse 7", name="Head", role=Role.HEAD, language="en")


class Files:
    """Imports texts as files."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "table.csv"

    def imported(self, kind: str, text: str, **options: Any) -> tuple[ImportJob, Report]:
        self.path.write_text(text)
        job = new_job(kind=kind, file_name="table.csv", options=Options(**options), by=None, now=NOW)
        return job, apply_job(job=job, path=self.path, by=None, now=NOW)

    def stopped(self, kind: str, text: str, **options: Any) -> Report:
        with pytest.raises(ImportStopped) as stopped:
            self.imported(kind, text, **options)
        return stopped.value.report

    def refused(self, kind: str, text: str, **options: Any) -> str:
        with pytest.raises(Refused) as refused:
            self.imported(kind, text, **options)
        return refused.value.code


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def texts(report: Report) -> list[str]:
    return [problem["text"] for problem in report.problems]


def done(report: Report) -> dict[str, int]:
    return {action: count for action, count in report.counts.items() if count}


LEADS = (
    "Компания;Контакт;Телефон;Почта;Отрасль;Город\n"
    "ООО Ёлка;Анна Щит;8 (916) 123-45-67;Anna@Elka.ru;Лес;Тверь\n"
    "АО Сталь;;;;;\n"
)


def test_leads_become_clients_with_contacts_and_are_found_by_all_they_hold(files: Files) -> None:
    _job, report = files.imported("clients", LEADS)
    assert done(report) == {"create": 2} and report.new == {"industry": ["Лес"], "region": ["Тверь"]}
    elka = Client.objects.get(name="ООО Ёлка")
    contact = Contact.objects.get(client=elka)
    assert (contact.name, contact.is_primary) == ("Анна Щит", True)
    channels = Channel.objects.filter(contact=contact).values_list("kind", "value")
    assert set(channels) == {("phone", "+79161234567"), ("email", "anna@elka.ru")}
    written = elka.search_text
    refresh_search_text([elka.pk])
    elka.refresh_from_db()
    assert elka.search_text == written and "елка" in written
    assert list(Event.objects.values_list("kind", flat=True)) == ["clients.client.created"] * 2 + [
        "imports.job.applied"
    ]


def test_the_same_file_again_changes_nothing(files: Files) -> None:
    files.imported("clients", LEADS)
    before = list(Client.objects.order_by("id").values())
    assert done(files.imported("clients", LEADS)[1]) == {"same": 2}
    assert list(Client.objects.order_by("id").values()) == before


def test_changes_are_told_written_and_taken_back(files: Files) -> None:
    files.imported("clients", LEADS)
    before = list(Client.objects.order_by("id").values_list("name", "name_key", "industry__name", "search_text"))
    changed = (
        LEADS.replace("Лес", "Мебель").replace("123-45-67", "123-45-68").replace("АО Сталь;;;;;", "АО Сталь;;;;Сталь;")
    )
    job, report = files.imported("clients", changed)
    assert done(report) == {"update": 2}
    row = ImportRow.objects.get(job=job, number=2)
    assert row.changes["industry"][:2] == ["Лес", "Мебель"]
    assert row.changes["phones"] == [["+79161234567"], ["+79161234567", "+79161234568"]]
    elka = Client.objects.get(name="ООО Ёлка")
    assert elka.industry is not None and elka.industry.name == "Мебель" and elka.revision == 2
    assert "79161234568" in elka.search_text

    undone = undo_job(job=job, by=None, now=NOW)
    assert (undone.restored, undone.kept_count) == (2, 0)
    after = list(Client.objects.order_by("id").values_list("name", "name_key", "industry__name", "search_text"))
    assert after == before
    assert set(Industry.objects.values_list("name", flat=True)) == {"Лес"}


def test_undo_keeps_and_names_what_somebody_has_touched_since(files: Files, head: User) -> None:
    job, _report = files.imported("clients", LEADS)
    elka = Client.objects.get(name="ООО Ёлка")
    update_client(client=elka, revision=elka.revision, by=head, now=NOW, note="called")
    undone = undo_job(job=job, by=head, now=NOW)
    assert (undone.removed, undone.kept_count) == (1, 1)
    assert undone.kept[0]["row"] == 2 and undone.kept[0]["name"] == "ООО Ёлка"
    assert [client.name for client in Client.objects.all()] == ["ООО Ёлка"]
    assert Region.objects.filter(name="Тверь").exists()
    with pytest.raises(Conflict):
        undo_job(job=job, by=head, now=NOW)


def test_undo_keeps_what_others_refer_to(files: Files, head: User) -> None:
    job, _report = files.imported("clients", LEADS)
    create_client(owner=None, by=head, now=NOW, name="Дочка", parent_id=Client.objects.get(name="АО Сталь").pk)
    Ownership.objects.create(client=Client.objects.get(name="ООО Ёлка"), owner=head, started_at=NOW)
    undone = undo_job(job=job, by=head, now=NOW)
    # A parent lets go of its subsidiaries; an ownership belongs to the client and goes with it.
    assert undone.removed == 2 and Client.objects.get().parent is None


def test_a_new_client_that_looks_like_a_present_one_is_a_conflict(files: Files, head: User) -> None:
    anna = ContactInput("Анна", phones=("+7 916 123-45-67",), emails=("anna@elka.ru",))
    create_client(owner=head, contacts=[anna], by=head, now=NOW, name="Ёлка и Ко")
    report = files.stopped("clients", LEADS)
    assert done(report) == {"create": 1, "conflict": 1}
    assert texts(report) == ["looks like the client “Ёлка и Ко” (owner: Head)"]
    assert Client.objects.count() == 1
    assert done(files.imported("clients", LEADS, duplicates="skip")[1]) == {"create": 1, "skip": 1}
    assert done(files.imported("clients", LEADS.replace("АО", "ЗАО"), duplicates="create")[1]) == {"create": 2}


def test_rows_that_repeat_each_other_are_found(files: Files) -> None:
    report = files.stopped("clients", "name,phone\nA,+79160000001\nA,+79160000001\nA,+79160000002\nB,+79160000001\n")
    assert done(report) == {"create": 1, "same": 1, "conflict": 2}
    assert texts(report) == ["repeats row 2", "looks like the client of row 2"]


def test_rows_are_matched_by_the_chosen_key(files: Files) -> None:
    files.imported("clients", "id,name,email\n1,Alpha,a@x.ru\n2,Beta,b@x.ru\n")
    _job, report = files.imported("clients", "id,name\n1,Alpha Two\n", key="external_key")
    assert done(report) == {"update": 1} and Client.objects.get(external_key="1").match_key == "alphatwo"
    _job, report = files.imported("clients", "email,name\nb@x.ru,Beta Two\n", key="emails")
    assert done(report) == {"update": 1} and Client.objects.get(external_key="2").name == "Beta Two"
    assert files.refused("clients", "name\nX\n", key="region") == "unknown_key"
    assert "the cell by which rows are matched is empty" in texts(
        files.stopped("clients", "id,name\n,X\n", key="external_key")
    )


def test_a_key_that_several_records_share_is_a_conflict(files: Files) -> None:
    files.imported("clients", "id,name\n1,Twin\n2,Twin\n", duplicates="create", key="external_key")
    report = files.stopped("clients", "name,city\nTwin,Paris\n")
    assert "2 present records have this key" in texts(report)[0]


def test_wrong_cells_name_row_column_and_reason_and_good_rows_can_go_alone(files: Files) -> None:
    text = "name,inn,employees,revenue,email\nA,7707083893,10,5,a@x.ru\nB,7707083890,many,5,b@\n,,,,c@x.ru\n"
    report = files.stopped("clients", text)
    places = [(problem["row"], problem["column"]) for problem in report.problems]
    assert places == [(3, "inn"), (3, "employees"), (3, "email"), (4, "name")]
    _job, report = files.imported("clients", text, skip_errors=True)
    assert done(report) == {"create": 1, "error": 2} and Client.objects.get().inn == "7707083893"


def test_only_rows_that_are_applied_bring_new_entries_of_lists(files: Files) -> None:
    text = "name,inn,region\nA,7707083893,Leeds\nB,7707083890,York\nA,7707083893,Bath\nC,,Leeds\nD,bad,Leeds\n"
    assert files.stopped("clients", text).new == {"region": ["Leeds"]}
    job, report = files.imported("clients", text, skip_errors=True)
    assert report.new == {"region": ["Leeds"]} and done(report)["create"] == 2
    assert set(Region.objects.values_list("name", flat=True)) == {"Leeds"}
    undo_job(job=job, by=None, now=NOW)
    assert not Region.objects.exists()


def test_an_inn_that_lost_its_zero_in_a_spreadsheet_is_mended(files: Files) -> None:
    inn = next(f"0{number}" for number in range(276_000_000, 276_001_000) if is_inn(f"0{number}"))
    files.imported("clients", f"name,inn\nA,{inn[1:]}\n")
    assert Client.objects.get().inn == inn


def test_a_parent_may_stand_in_the_same_file_and_must_be_somewhere(files: Files) -> None:
    text = "account,subsidiary_of\nChild,Mother\nMother,\n"
    files.imported("clients", text)
    parent = Client.objects.get(name="Child").parent
    assert parent is not None and parent.name == "Mother"
    assert done(files.imported("clients", text)[1]) == {"same": 2}
    report = files.stopped("clients", "account,subsidiary_of\nOrphan,Nobody\n")
    assert report.problems[0]["column"] == "subsidiary_of"


def test_near_names_are_asked_about_and_never_taken(files: Files) -> None:
    files.imported("clients", "name,industry\nA,Logistics\n")
    report = files.stopped("clients", "name,industry\nB,Logistic\nC,Medicine\n")
    assert [(one["text"], one["suggestion"]) for one in report.unknown] == [("Logistic", "Logistics")]
    files.imported("clients", "name,industry\nB,Logistic\n", confirmed={"industry": {"Logistic": "Logistics"}})
    assert Industry.objects.count() == 1
    files.imported("clients", "name,industry\nC,Medicine\n")
    assert files.stopped("clients", "name,industry\nD,Medicin\n", create_missing=("industry",)).unknown
    report = files.imported("clients", "name,industry\nE,LOGISTIC\n")[1]
    assert report.remembered == {"industry": {"LOGISTIC": "Logistics"}} and Industry.objects.count() == 2
    files.imported("clients", "name,industry\nD,Logistic\n", confirmed={"industry": {"Logistic": "Logistic"}})
    assert Industry.objects.count() == 3
    assert files.imported("clients", "name,industry\nF,Logistic\n")[1].remembered == {}


PHONEBOOK = (
    "lastname,firstname,surname,organization,position,phone,email\n"
    "Лукина Ольга,,Владимировна,Минфин,,+7 (495) 983-36-99 доб. 2926,Olga.Lukina@minfin.ru\n"
    "Лукина,Оксана,Владимировна,Минфин,эксперт,+7 (495) 983-36-99 доб. 2929,OLukina@minfin.ru\n"
)


def test_contacts_come_to_their_clients_with_split_names_and_extensions(files: Files) -> None:
    report = files.stopped("contacts", PHONEBOOK)
    assert [(one["text"], one["rows"]) for one in report.unknown] == [("Минфин", 2)]
    job, report = files.imported("contacts", PHONEBOOK, create_missing=("client",))
    assert done(report) == {"create": 2}
    names = Contact.objects.order_by("id").values_list("name", "is_primary")
    assert list(names) == [("Лукина Ольга Владимировна", True), ("Лукина Оксана Владимировна", False)]
    assert Channel.objects.filter(value="+74959833699;ext=2926").exists()
    assert "olga.lukina@minfin.ru" in Client.objects.get().search_text
    assert done(files.imported("contacts", PHONEBOOK)[1]) == {"same": 2}
    _other, report = files.imported("contacts", PHONEBOOK.replace("эксперт", "советник"))
    assert done(report) == {"update": 1, "same": 1}
    undo_job(job=_other, by=None, now=NOW)
    assert Contact.objects.get(name__contains="Оксана").position == "эксперт"
    assert undo_job(job=job, by=None, now=NOW).removed == 2
    assert not Contact.objects.exists() and not Client.objects.exists()


def test_users_bring_branches_teams_leads_and_addresses(files: Files) -> None:
    text = (
        "ФИО,Руководитель,Филиал\nПётр Щукин,Анна Ёлкина,Москва\n"
        "Пётр Щукин-Второй,Анна Ёлкина,Москва\nИван Жук,Олег Ким,Тверь\n"
    )
    job, report = files.imported("users", text, mail_domain="firma.ru")
    assert done(report) == {"create": 3} and report.notes["new_leads"] == ["Анна Ёлкина", "Олег Ким"]
    lead = User.objects.get(name="Анна Ёлкина")
    assert (lead.role, lead.email, lead.has_usable_password()) == ("lead", "anna.elkina@firma.ru", False)
    peter = User.objects.get(name="Пётр Щукин")
    assert peter.email == "petr.shchukin@firma.ru" and peter.team is not None and peter.team.lead == lead
    assert done(files.imported("users", text)[1]) == {"same": 3}
    moved, report = files.imported("users", text.replace("Иван Жук,Олег Ким,Тверь", "Иван Жук,Анна Ёлкина,Москва"))
    assert done(report) == {"update": 1, "same": 2}
    assert User.objects.get(name="Иван Жук").team == peter.team
    undo_job(job=moved, by=None, now=NOW)
    ivan = User.objects.get(name="Иван Жук")
    assert (
        ivan.branch is not None
        and ivan.branch.name == "Тверь"
        and ivan.team is not None
        and ivan.team.name == "Олег Ким"
    )
    undo_job(job=job, by=None, now=NOW)
    assert (User.objects.count(), Team.objects.count(), Branch.objects.count()) == (0, 0, 0)


def test_dates_that_may_be_read_two_ways_are_asked_about(files: Files) -> None:
    text = "id,stage,close_date,amount\n1,Won,1/2/2026,5\n"
    assert files.refused("deals", text, process="none") == "ambiguous_dates"
    assert files.refused("deals", text.replace("1/2", "31/1") + "2,Won,1/31/2026,5\n", process="none") == "mixed_dates"
    assert files.refused("products", 'name,price\nA,"1,234"\n') == "ambiguous_numbers"
    files.imported("products", 'name,price\nA,"1,234"\n', number_style="point")
    assert Product.objects.get().price == 1234


def test_a_dry_run_leaves_nothing(files: Files, head: User) -> None:
    files.path.write_text(LEADS)
    done_ = import_file(kind="clients", path=files.path, options=Options(), by=head, now=NOW, dry_run=True)
    assert done_.job_id is None and done_.report.counts["create"] == 2
    assert not ImportJob.objects.exists() and not Client.objects.exists() and not Event.objects.exists()


def test_a_check_stores_its_diff_and_apply_decides_anew(files: Files, head: User) -> None:
    files.path.write_text("name,price\nA,1\n")
    job = new_job(kind="products", file_name="t.csv", options=Options(), by=head, now=NOW)
    assert done(check_job(job=job, path=files.path, by=head, now=NOW)) == {"create": 1}
    files.imported("products", "name,price\nA,1\n")
    assert done(apply_job(job=job, path=files.path, by=head, now=NOW)) == {"same": 1}
    assert Product.objects.count() == 1
    with pytest.raises(Conflict):
        apply_job(job=job, path=files.path, by=head, now=NOW)


def test_a_mapping_is_remembered_for_its_header(files: Files, head: User) -> None:
    text = "Артикул;Штука;Сколько\n1;Стеллаж;10\n"
    mapping = {"Штука": "name", "Сколько": "price"}
    files.imported("products", text, mapping=mapping)
    job = bring_file(kind="products", file_name="t.csv", path=files.path, by=head, now=NOW)
    assert job.options["mapping"] == {"Артикул": "code", **mapping}


def test_the_wizard_settles_explains_and_checks(files: Files, head: User) -> None:
    files.path.write_text("name,unit\nA,boks\n")
    job = bring_file(kind="products", file_name="t.csv", path=files.path, by=head, now=NOW)
    job = settle(job=job, options=Options(mapping=job.options["mapping"]), by=head)
    job = check(job=job, by=head, now=NOW)
    assert job.report["unknown"][0]["reference"] == "unit"
    job = explain(job=job, explanations=[Explanation("unit", "boks", "pack")], by=head)
    job = check(job=job, by=head, now=NOW)
    assert job.report["counts"]["create"] == 1
    queue_job(job=job, by=head)
    carry_out(job_id=job.pk, by=head, now=NOW)
    carry_out(job_id=job.pk, by=head, now=NOW)
    job.refresh_from_db()
    assert job.status == JobStatus.APPLIED and Product.objects.count() == 1 and not job.parts.exists()


def test_a_failing_apply_is_noted_on_the_job_and_changes_nothing(files: Files, head: User) -> None:
    files.path.write_text("name,price\nA,1\nB,x\n")
    job = bring_file(kind="products", file_name="t.csv", path=files.path, by=head, now=NOW)
    job = check(job=job, by=head, now=NOW)
    queue_job(job=job, by=head)
    carry_out(job_id=job.pk, by=head, now=NOW)
    job.refresh_from_db()
    assert job.status == JobStatus.REFUSED and "1 of 2 rows" in job.problem
    assert not Product.objects.exists()


def test_only_those_who_may_import_do(files: Files) -> None:
    rep = User.objects.create_user("rep@kniga.test", "x", name="Rep", role=Role.REP)
    with pytest.raises(Refused):
        new_job(kind="clients", file_name="t.csv", options=Options(), by=rep, now=NOW)
    with pytest.raises(Refused):
        undo_job(job=ImportJob(pk=1, kind="clients"), by=rep, now=NOW)


def test_statements_do_not_grow_with_the_rows(files: Files) -> None:
    def statements(count: int, start: int) -> int:
        lines = "".join(f"Firm {start + i},+7916{start + i:07d},f{start + i}@x.ru,Moscow\n" for i in range(count))
        with connection.execute_wrapper(counter := Counter()):
            files.imported("clients", f"name,phone,email,city\n{lines}")
        return counter.count

    statements(5, 0)
    assert statements(5, 1000) == statements(1000, 10_000)


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        return execute(sql, params, many, context)


@pytest.mark.parametrize("website", ["javascript://x%0aalert(1)", "file://etc/passwd", "data:text/html,x"])
def test_a_website_is_checked_as_on_the_clients_own_page(files: Files, website: str) -> None:
    report = files.stopped("clients", f'name;website\nA;"{website}"\nB;b.ru\n')
    assert [(problem["row"], problem["column"]) for problem in report.problems] == [(2, "website")]
    files.imported("clients", "name;website\nB;b.ru\n")
    assert Client.objects.get().website == "https://b.ru"


def test_companies_that_would_be_parts_of_themselves_are_errors(files: Files) -> None:
    files.imported("clients", "account,subsidiary_of\nA,B\nB,C\nC,\n")
    report = files.stopped("clients", "account,subsidiary_of\nC,A\nD,C\nE,F\nF,E\nG,G\n")
    assert [problem["row"] for problem in report.problems] == [2, 4, 5, 6]
    assert set(texts(report)) == {"a company cannot be a part of itself"}
    _job, report = files.imported("clients", "account,subsidiary_of\nC,D\nD,\n")
    assert done(report) == {"create": 1, "update": 1}


@pytest.mark.parametrize(
    ("options", "code"),
    [({"encoding": name}, "unknown_encoding") for name in ("zip", "idna", "hex", "punycode")]
    + [({"delimiter": mark}, "bad_delimiter") for mark in ("ab", '"', "\n")],
)
def test_a_way_of_reading_that_cannot_be_is_refused(files: Files, options: dict[str, str], code: str) -> None:
    assert files.refused("clients", "name\nA\n", **options) == code


def test_a_new_address_brought_by_a_file_is_the_one_that_signs_in(files: Files) -> None:
    files.imported("users", "id,name,email,role\n7,Иван Жук,old@firma.ru,rep\n")
    user = User.objects.get(name="Иван Жук")
    EmailAddress.objects.create(user=user, email="old@firma.ru", primary=True, verified=True)
    given = "id,name,email,role\n7,Иван Жук,new@firma.ru,rep\n"
    job, report = files.imported("users", given)
    assert done(report) == {"update": 1}
    user.refresh_from_db()
    assert user.email == "new@firma.ru" and not EmailAddress.objects.filter(user=user).exists()
    EmailAddress.objects.create(user=user, email="new@firma.ru", primary=True, verified=True)
    undo_job(job=job, by=None, now=NOW)
    user.refresh_from_db()
    assert user.email == "old@firma.ru" and not EmailAddress.objects.filter(user=user).exists()
