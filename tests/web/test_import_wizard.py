"""The import wizard, step by step, as a head of sales and others meet it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from kniga.catalog.models import Product
from kniga.clients.models import Client as ClientRecord
from kniga.imports.jobs import carry_out
from kniga.imports.models import ImportJob
from kniga.people.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLIENTS = "Название;ИНН;Город;Телефон\nООО Щит;7707083893;Тверь;8 916 123-45-67\nАО Ёлка;7707083890;Орёл;\n"
CSV_PRODUCTS = "product,price,unit\nGTX Pro,4821,piece\nRack,100,boks\n"


def upload(browser: Client, kind: str, text: str | bytes, name: str = "table.csv") -> ImportJob | None:
    data = text.encode("cp1251") if isinstance(text, str) else text
    answer = browser.post("/imports/new/", {"kind": kind, "file": SimpleUploadedFile(name, data)})
    if answer.status_code == 302:
        return ImportJob.objects.get(pk=int(answer["Location"].strip("/").split("/")[-1]))
    assert answer.status_code == 422
    return None


def page(browser: Client, job: ImportJob, query: str = "") -> str:
    answer = browser.get(f"/imports/{job.pk}/{query}", follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def tables(shown: str) -> str:
    return shown[shown.index("k-import-diff") :]


def settings_of(job: ImportJob, **changed: str) -> dict[str, str]:
    columns = job.found["columns"]
    return {f"map-{index}": column["field"] for index, column in enumerate(columns)} | {"act": "check"} | changed


def test_a_file_goes_through_all_steps_and_back(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    head = make_user("head")
    browser = as_user(head)
    assert "Nothing was imported yet" in browser.get("/imports/").content.decode()
    job = upload(browser, "clients", CLIENTS)
    assert job is not None
    shown = page(browser, job)
    assert "cp1251" in shown and "ООО Щит" in shown and job.options["mapping"]["ИНН"] == "inn"

    browser.post(f"/imports/{job.pk}/setup/", settings_of(job))
    shown = page(browser, job)
    assert "wrong control digit" in shown and "k-import-bad" in shown
    assert "Leave out 1 row that cannot be applied" in shown
    assert not ClientRecord.objects.exists()

    browser.post(f"/imports/{job.pk}/apply/", {"skip_errors": "on"})
    assert "Waiting for a worker" in page(browser, job)
    carry_out(job_id=job.pk, by=head, now=NOW)
    shown = page(browser, job)
    assert "Take the whole import back" in shown
    made = ClientRecord.objects.get()
    assert made.name == "ООО Щит" and made.region is not None and made.region.name == "Тверь"
    assert "79161234567" in made.search_text

    asked = page(browser, job, "?step=undo")
    assert "1 record it made will be removed" in asked and "will stay" not in asked, "nothing is said of none"
    browser.post(f"/imports/{job.pk}/undo/")
    assert not ClientRecord.objects.exists()
    assert "1 record removed" in page(browser, job)
    assert "table.csv" in browser.get("/imports/").content.decode()


def test_an_unknown_name_is_explained_by_the_person(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    head = make_user("head")
    browser = as_user(head)
    job = upload(browser, "products", CSV_PRODUCTS)
    assert job is not None
    browser.post(f"/imports/{job.pk}/setup/", settings_of(job))
    shown = page(browser, job)
    assert "Names to explain" in shown and "boks" in shown
    assert "1 row waits for its names to be explained." in shown and "to be explained</span>" in shown
    refused = browser.post(f"/imports/{job.pk}/apply/", {})
    assert refused.status_code == 422 and "Some rows cannot be applied yet" in refused.content.decode()
    job.refresh_from_db()
    assert job.status == "checked"
    assert "boks" in page(browser, job, "?show=waiting") and "GTX Pro" not in tables(
        page(browser, job, "?show=waiting")
    )
    said = {"reference-0": "unit", "text-0": "boks", "choice-0": "other", "name-0": "pack"}
    browser.post(f"/imports/{job.pk}/explain/", said)
    assert "Names to explain" not in page(browser, job)
    browser.post(f"/imports/{job.pk}/apply/")
    carry_out(job_id=job.pk, by=head, now=NOW)
    assert Product.objects.get(name="Rack").unit.code == "pack"


def test_an_unreadable_file_is_refused_at_its_field_and_nothing_stays(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    browser = as_user(make_user("head"))
    answer = browser.post("/imports/new/", {"kind": "clients", "file": SimpleUploadedFile("a.csv", b"MZ\x90\x00" * 40)})
    assert answer.status_code == 422
    assert "it is a program" in answer.content.decode() and 'id="file-error"' in answer.content.decode()
    assert browser.post("/imports/new/", {"kind": "clients"}).status_code == 422
    assert not ImportJob.objects.exists()


def test_reading_in_another_way_guesses_the_columns_anew(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    browser = as_user(make_user("head"))
    job = upload(browser, "clients", CLIENTS)
    assert job is not None
    browser.post(f"/imports/{job.pk}/setup/", settings_of(job, act="read", delimiter=","))
    job.refresh_from_db()
    assert [column["name"] for column in job.found["columns"]] == ["Название;ИНН;Город;Телефон"]
    browser.post(f"/imports/{job.pk}/setup/", settings_of(job, act="read", delimiter=";", encoding="koi8-r"))
    assert "ООО Щит" not in page(browser, job)


def test_a_mapping_without_a_needed_field_is_refused_on_the_page(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    browser = as_user(make_user("head"))
    job = upload(browser, "clients", CLIENTS)
    assert job is not None
    answer = browser.post(f"/imports/{job.pk}/setup/", settings_of(job, **{"map-0": ""}))
    assert answer.status_code == 422 and "every row needs" in answer.content.decode()


def test_the_wizard_speaks_russian(as_user: Callable[[User], Client], make_user: Callable[..., User]) -> None:
    head = make_user("head", language="ru")
    browser = as_user(head)
    assert "Пока ничего не импортировали" in browser.get("/imports/").content.decode()
    job = upload(browser, "clients", CLIENTS)
    assert job is not None
    assert "Что будет" in page(browser, job)
    browser.post(f"/imports/{job.pk}/setup/", settings_of(job))
    assert "Применить" in page(browser, job)
    with translation.override("ru"):
        browser.post(f"/imports/{job.pk}/apply/", {"skip_errors": "on"})
        carry_out(job_id=job.pk, by=head, now=NOW)
    assert "Отменить весь импорт" in page(browser, job)


def test_only_those_who_may_import_see_imports(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    browser = as_user(make_user("rep"))
    assert browser.get("/imports/").status_code == 403
    assert browser.post("/imports/1/apply/").status_code == 403
    assert as_user(make_user("owner")).get("/imports/999/").status_code == 404


def test_the_diff_shows_before_and_after_and_pages_on(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    head = make_user("head")
    browser = as_user(head)
    many = "name,price\n" + "".join(f"Item {i},{i}\n" for i in range(120))
    for text in (many, many.replace("Item 7,7\n", "Item 7,8\n")):
        job = upload(browser, "products", text)
        assert job is not None
        browser.post(f"/imports/{job.pk}/setup/", settings_of(job))
        shown = page(browser, job)
        browser.post(f"/imports/{job.pk}/apply/")
        carry_out(job_id=job.pk, by=head, now=NOW)
    assert "<del>7</del> <ins>8</ins>" in page(browser, job, "?show=update")
    assert "Item 49" in shown and "Item 60" not in shown
    further = browser.get(
        f"/imports/{job.pk}/rows/?after=51", headers={"HX-Request": "true", "HX-Target": "import-rows"}
    )
    assert "Item 60" in further.content.decode() and "<html" not in further.content.decode()


def test_addresses_made_for_people_stand_in_a_table_with_what_to_do(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    browser = as_user(make_user("owner"))
    job = upload(browser, "users", "name,role\nVera Lug,rep\n")
    assert job is not None
    browser.post(f"/imports/{job.pk}/setup/", settings_of(job))
    shown = page(browser, job)
    assert '<td class="k-table__main">Vera Lug</td><td>vera.lug@example.invalid</td>' in shown
    assert "Nobody of them has a password yet" in shown


def test_how_dates_are_read_is_asked_only_where_a_column_does_not_tell_it(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    browser = as_user(make_user("head"))
    for last, asked, unasked in (
        ("2026-02-28", "As found in each column", "Say which"),
        ("01/02/2026", "Say which", "As found in each column"),
    ):
        job = upload(browser, "deals", f"stage;opened;closed\nWon;25.01.2026;{last}\n")
        assert job is not None
        shown = page(browser, job)
        assert asked in shown and unasked not in shown


def test_each_reader_is_told_of_errors_in_the_own_language(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    files = CLIENTS + "ООО Щит;7707083893;Тверь;8 916 123-45-67\nООО Почта;;Тверь;12\n"
    head = make_user(role="head", language="ru")
    browser = as_user(head)
    job = upload(browser, "clients", files)
    assert job is not None
    browser.post(f"/imports/{job.pk}/setup/", settings_of(job))
    in_russian = tables(page(browser, job))
    assert "Контрольная цифра ИНН" in in_russian
    assert "повторяет строку 2" in in_russian
    User.objects.filter(pk=head.pk).update(language="en")
    browser = as_user(User.objects.get(pk=head.pk))
    in_english = tables(page(browser, job))
    assert "wrong control digit" in in_english
    assert "is not a phone number" in in_english
    assert "повторяет" not in in_english


def test_rows_in_the_way_are_a_file_to_mend_and_bring_in_again(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    head = make_user("head")
    browser = as_user(head)
    job = upload(browser, "clients", CLIENTS)
    assert job is not None
    browser.post(f"/imports/{job.pk}/setup/", settings_of(job))
    assert f'href="/imports/{job.pk}/failed/"' in page(browser, job)
    file = browser.get(f"/imports/{job.pk}/failed/")
    header, row, *rest = file.content.decode("utf-8-sig").splitlines()
    assert header == "Название,ИНН,Город,Телефон,What is in the way" and rest == []
    browser.post(f"/imports/{job.pk}/apply/", {"skip_errors": "on"})
    carry_out(job_id=job.pk, by=head, now=NOW)
    assert browser.get(f"/imports/{job.pk}/failed/").content == file.content and f"{job.pk}/failed/" in page(
        browser, job
    )
    assert row.startswith("АО Ёлка,7707083890,Орёл,,") and "INN" in row
    again = upload(browser, "clients", file.content.replace(b"7707083890", b"7728168971"), name="mended.csv")
    assert again is not None
    browser.post(f"/imports/{again.pk}/setup/", settings_of(again))
    again.refresh_from_db()
    assert "What is in the way" not in again.options["mapping"] or not again.options["mapping"]["What is in the way"]
    assert (again.report["counts"]["create"], again.report["counts"]["error"]) == (1, 0)
    assert browser.get(f"/imports/{again.pk}/failed/").content.decode("utf-8-sig") == ""
