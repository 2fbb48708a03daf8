"""Drafts in the browser: the gallery, what the designer asks for, publishing and discarding."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import etree

from kniga.people.models import Branch
from kniga.platform import clock
from kniga.processes.drafts.drafting import draft_from_file, draft_from_scratch
from kniga.processes.models import Draft, ProcessVersion
from kniga.processes.versions.publishing import upload_version
from kniga.processes.versions.scheduling import schedule_publishing
from tests.processes.conftest import NOW, SMALL_SALE, Department, department
from tests.web.test_processes_pages import client_of

__all__ = ["department"]


def head_of(department: Department, language: str = "en") -> Client:
    return client_of(department.head, language)


def begun(department: Department) -> int:
    return draft_from_file(xml=SMALL_SALE, by=department.head, now=NOW).pk


def put(browser: Client, draft: int, body: Any) -> tuple[int, dict[str, Any]]:
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    answer = browser.put(f"/processes/drafts/{draft}/state/", content, content_type="application/json")
    return answer.status_code, answer.json()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_gallery_shows_every_book_with_its_picture(department: Department, language: str) -> None:
    html = head_of(department, language).get("/processes/new/").content.decode()
    assert html.count("k-thumbnail") >= 2
    assert ("Inbound sale" if language == "en" else "Входящая") in html


def test_each_way_of_beginning_leads_to_the_designer(department: Department) -> None:
    browser = head_of(department)
    Branch.objects.create(name="Kazan")
    ways: list[dict[str, Any]] = [
        {"origin": "empty", "empty_name": "Own", "kind": "sale"},
        {"origin": "template", "template": "inbound_sale"},
        {
            "origin": "copy",
            "version": "small_sale/1",
            "copy_name": "Copy",
            "copy_branch": str(department.head.branch_id),
        },
        {"origin": "file", "file": SimpleUploadedFile("a.bpmn", SMALL_SALE)},
    ]
    for way in ways:
        answer = browser.post("/processes/new/", way)
        assert answer.status_code == 302, answer.content
        assert browser.get(answer["Location"]).status_code == 200
    assert set(Draft.objects.values_list("process_key", flat=True)) == {
        "own", "inbound_sale", "small_sale_moscow", "small_sale",
    }  # fmt: skip
    html = browser.get("/processes/").content.decode()
    assert "Drafts" in html and "changes version 1" in html


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_process_of_the_gallery_is_read_before_it_is_taken(department: Department, language: str) -> None:
    browser = head_of(department, language)
    html = browser.get("/processes/new/inbound_sale/").content.decode()
    assert 'class="k-diagram"' in html and html.count("k-book__step") >= 4 and "k-book__script" in html
    assert 'name="template_name"' in html
    assert browser.get("/processes/new/nothing/").status_code == 404
    assert browser.post("/processes/new/inbound_sale/").status_code == 405
    wrong = browser.post(
        "/processes/new/", {"origin": "template", "template": "inbound_sale", "template_name": "x" * 201}
    )
    assert wrong.status_code == 422 and "k-book__step" in wrong.content.decode()


def test_a_head_of_one_branch_makes_processes_for_any(department: Department) -> None:
    kazan, closed = Branch.objects.create(name="Kazan"), Branch.objects.create(name="Perm", is_active=False)
    assert department.head.branch_id not in (None, kazan.pk)
    browser = head_of(department)
    assert browser.get("/processes/new/").content.decode().count(">Kazan<") == 3
    copy = {"origin": "copy", "version": "small_sale/1", "copy_name": "Copy", "copy_branch": str(kazan.pk)}
    assert browser.post("/processes/new/", copy).status_code == 302
    template = {"origin": "template", "template": "win_back", "template_branch": str(kazan.pk)}
    assert browser.post("/processes/new/", template).status_code == 302
    assert set(Draft.objects.values_list("process_key", "branch")) == {
        ("small_sale_kazan", kazan.pk), ("win_back_kazan", kazan.pk)
    }  # fmt: skip
    assert browser.post("/processes/new/", copy | {"copy_branch": str(closed.pk)}).status_code == 404


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"origin": "empty", "empty_name": "", "kind": "sale"}, "Give the process a name"),
        ({"origin": "file"}, "Choose a BPMN file"),
        ({"origin": "file", "file": b"no xml"}, "The file cannot be read"),
        ({"origin": "copy", "version": "small_sale/1", "copy_name": ""}, "Give the process a name"),
    ],
)
def test_what_cannot_begin_is_said_at_its_place(department: Department, form: dict[str, Any], said: str) -> None:
    if isinstance(form.get("file"), bytes):
        form = form | {"file": SimpleUploadedFile("a.bpmn", form["file"])}
    answer = head_of(department).post("/processes/new/", form)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not Draft.objects.exists()


@pytest.mark.parametrize("form", [{"origin": "x"}, {"origin": "template", "template": "x"}, {"origin": "copy"}])
def test_what_is_not_there_cannot_be_begun_with(department: Department, form: dict[str, str]) -> None:
    assert head_of(department).post("/processes/new/", form).status_code == 404


def test_the_state_is_read_and_saved_with_what_is_wrong(department: Department) -> None:
    browser, draft = head_of(department), begun(department)
    state = browser.get(f"/processes/drafts/{draft}/state/").json()
    assert (state["revision"], state["key"], state["published"], state["others"]) == (1, "small_sale", 1, [])
    broken = state["xml"].replace('targetRef="offer"', 'targetRef="nowhere"', 1)
    status, answer = put(browser, draft, {"base_revision": 1, "xml": broken})
    assert (status, answer["revision"], answer["verdict"]) == (200, 2, "incomplete")
    assert all(one["message"] and one["cure"] for one in answer["problems"])
    status, answer = put(browser, draft, {"base_revision": 2, "xml": state["xml"]})
    assert (status, answer["revision"], answer["verdict"]) == (200, 3, "sound")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("no json", 400), ("[" * 100_000, 400), ([], 400), ({"xml": 1, "base_revision": 1}, 400),
        ({"xml": "<a/>", "base_revision": "1"}, 400), ({"xml": "<a/>", "base_revision": True}, 400),
        ({"xml": "<a/>", "base_revision": 10**30}, 400), ({"xml": "<a/>", "base_revision": 1}, 422),
        ({"xml": "", "base_revision": 1}, 422), ({"xml": "<!DOCTYPE a><a/>", "base_revision": 1}, 422),
        ({"xml": "\ud800", "base_revision": 1}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_refused_and_nothing_changes(department: Department, body: Any, status: int) -> None:
    draft = begun(department)
    found, answer = put(head_of(department), draft, body)
    assert found == status and answer["message"]
    assert Draft.objects.get().revision == 1


def test_a_conflict_names_what_differs_and_takes_choices(department: Department) -> None:
    browser, draft = head_of(department, "ru"), begun(department)
    xml = browser.get(f"/processes/drafts/{draft}/state/").json()["xml"]
    put(browser, draft, {"base_revision": 1, "xml": xml.replace("Make an offer", "Theirs")})
    mine = {"base_revision": 1, "xml": xml.replace("Make an offer", "Mine")}
    status, told = put(browser, draft, mine)
    assert (status, told["revision"], told["by"]) == (409, 2, "Hanna")
    difference = told["differences"][0]
    assert (difference["element"], difference["label"], difference["both"]) == ("offer", "Название", True)
    choice = {"element": "offer", "field": difference["field"], "side": "mine"}
    status, answer = put(browser, draft, mine | {"choices": [choice]})
    assert (status, answer["revision"], answer["merged"]) == (200, 3, True) and "Mine" in answer["xml"]
    for wrong in ([{"side": "x"}], "x", [1], [{"side": "mine"}]):
        assert put(browser, draft, mine | {"choices": wrong})[0] == 400


def test_a_check_keeps_nothing_and_speaks_the_readers_language(department: Department) -> None:
    draft = begun(department)
    xml = SMALL_SALE.replace(b"userTask", b"scriptTask").decode()
    path = f"/processes/drafts/{draft}/check/"
    answer = head_of(department, "ru").post(path, {"xml": xml}, content_type="application/json").json()
    problem = next(one for one in answer["problems"] if one["code"] == "not_supported")
    assert answer["verdict"] == "incomplete" and "не может это исполнить" in problem["message"]
    assert problem["element"] and problem["place"] == "Call the client"
    assert Draft.objects.get().revision == 1
    for body, status in (({"xml": 1}, 400), ({"xml": "<a"}, 422)):
        assert head_of(department).post(path, body, content_type="application/json").status_code == status


def test_a_field_nothing_fills_in_is_told_with_the_button_that_inserts_one(department: Department) -> None:
    draft = begun(department)
    scripted = SMALL_SALE.replace(
        b"<kniga:outcome ", b"<kniga:script>{{klient}} {{user.name</kniga:script><kniga:outcome ", 1
    )
    path, body = f"/processes/drafts/{draft}/check/", {"xml": scripted.decode()}
    answer = head_of(department, "ru").post(path, body, content_type="application/json").json()
    told = {one["code"]: f"{one['message']} {one['cure']}" for one in answer["problems"]}
    assert "«klient»" in told["unknown_placeholder"] and "кнопкой под скриптом" in told["unknown_placeholder"]
    assert "«{{»" in told["unclosed_placeholder"] and "«}}»" in told["unclosed_placeholder"]


def test_what_is_missing_is_named_as_the_panel_calls_it(department: Department) -> None:
    draft = begun(department)
    xml = SMALL_SALE.replace(b"userTask", b"serviceTask").replace(b"urn:kniga:rules:1", b"urn:other").decode()
    path = f"/processes/drafts/{draft}/check/"
    answer = head_of(department).post(path, {"xml": xml}, content_type="application/json").json()
    said = {one["code"]: one["message"] for one in answer["problems"]}
    assert said["missing_part"] == "Nobody has said yet what the system does here."
    assert said["condition_language"] == "The condition was written in another tool."


def test_a_script_is_previewed_with_a_real_client(department: Department) -> None:
    draft, browser = begun(department), head_of(department)
    found = browser.get("/processes/drafts/clients/?q=").json()
    assert [one["name"] for one in found] == ["Warehouse"]
    path = f"/processes/drafts/{draft}/preview/"
    script = "Hello {{client.name}} of {{client.region}}, **{{answer.need}}**<script>"
    sent = {"script": script, "client_id": found[0]["id"]}
    answer = browser.post(path, sent, content_type="application/json").json()
    assert "Warehouse" in answer["html"] and "<script>" not in answer["html"]
    assert answer["missing"] == ["client.region", "answer.need"]
    without = browser.post(path, {"script": script}, content_type="application/json").json()
    assert without["missing"][0] == "client.name"
    assert browser.post(path, {"script": 1}, content_type="application/json").status_code == 400
    assert browser.post(path, sent | {"client_id": 10**9}, content_type="application/json").status_code == 404


def test_the_catalogue_speaks_the_readers_language(department: Department) -> None:
    found = head_of(department, "ru").get("/processes/drafts/catalog/").json()
    assert {"key": "lead", "name": "руководитель команды"} in found["people"] or found["people"]
    assert next(one for one in found["fields"] if one["name"] == "deal.amount")["label"] == "Сумма сделки"
    assert "between" in found["operators"]["money"] and "contains" not in found["operators"]["money"]
    assert {one["name"] for one in found["actions"]} >= {"set_field", "create_document", "send_letter"}
    assert all(param["label"] for action in found["actions"] for param in action["params"])


def test_two_editors_are_told_of_each_other(department: Department) -> None:
    draft = begun(department)
    department.lead.role = "owner"
    department.lead.save()
    assert client_of(department.lead).post(f"/processes/drafts/{draft}/here/").json()["others"] == []
    told = head_of(department).post(f"/processes/drafts/{draft}/here/").json()
    assert ([one["name"] for one in told["others"]], told["revision"]) == (["Lena"], 1)


def test_a_draft_is_published_from_the_dialog(department: Department) -> None:
    draft, browser = begun(department), head_of(department)
    answer = browser.post(f"/processes/drafts/{draft}/publish/", {"revision": "1", "note": "Better"})
    assert (answer.status_code, answer["Location"]) == (302, "/processes/small_sale/1/")
    own = draft_from_scratch(name="Own", kind="sale", by=department.head, now=NOW)
    sent = browser.post(
        f"/processes/drafts/{own.pk}/publish/", {"revision": "1"}, headers={"accept": "application/json"}
    )
    assert sent.json() == {"url": "/processes/own/1/"}
    assert ProcessVersion.objects.get(process__key="own").status == "published"


def test_a_moment_is_set_and_called_off_on_the_versions_page(department: Department) -> None:
    browser = head_of(department)
    own = draft_from_scratch(name="Own", kind="sale", by=department.head, now=NOW)
    for wrong in ("soon", "9999-12-31T23:59", "2020-01-01T00:00"):
        assert browser.post(f"/processes/drafts/{own.pk}/publish/", {"revision": "1", "at": wrong}).status_code == 422
    soon = (clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert browser.post(f"/processes/drafts/{own.pk}/publish/", {"revision": "1", "at": soon}).status_code == 302
    html = browser.get("/processes/own/1/").content.decode()
    assert "Will be published" in html and "Call it off" in html
    assert browser.post("/processes/own/1/call-off/").status_code == 302
    assert browser.post("/processes/own/1/call-off/").status_code == 422
    assert browser.post("/processes/own/1/publish/", {"at": soon}).status_code == 302
    version = ProcessVersion.objects.get(process__key="own")
    assert version.publish_at is not None and version.status == "checked"


def test_what_hinders_publishing_is_named_and_nothing_is_published(department: Department) -> None:
    xml = SMALL_SALE.replace(b"userTask", b"scriptTask").replace(b'id="small_sale"', b'id="script"')
    draft = draft_from_file(xml=xml, by=department.head, now=NOW).pk
    browser = head_of(department)
    answer = browser.post(f"/processes/drafts/{draft}/publish/", {"revision": "1"})
    assert answer.status_code == 422 and "scriptTask" in answer.content.decode()
    sent = browser.post(
        f"/processes/drafts/{draft}/publish/", {"revision": "1"}, headers={"accept": "application/json"}
    )
    assert sent.status_code == 422 and sent.json()["problems"]
    old = browser.post(f"/processes/drafts/{draft}/publish/", {"revision": "9"})
    assert old.status_code == 422 and "changed meanwhile" in old.content.decode()
    assert Draft.objects.get().closed_at is None


def test_a_draft_is_discarded(department: Department) -> None:
    draft, browser = begun(department), head_of(department)
    assert browser.post(f"/processes/drafts/{draft}/discard/")["Location"] == "/processes/"
    for path in ("", "states/", "changes/"):
        assert browser.get(f"/processes/drafts/{draft}/{path}")["Location"] == "/processes/"
    assert browser.post(f"/processes/drafts/{draft}/discard/")["Location"] == "/processes/"
    assert "discarded the draft" in browser.get("/processes/").content.decode()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_window_left_open_learns_in_words_what_became_of_the_draft(department: Department, language: str) -> None:
    draft, browser = begun(department), head_of(department, language)
    browser.post(f"/processes/drafts/{draft}/discard/")
    status, told = put(browser, draft, {"base_revision": 1, "xml": SMALL_SALE.decode()})
    assert status == 404 and department.head.name in told["message"] and told["cure"]
    assert told["url"] == "/processes/"
    for path in ("state/", "here/", "check/", "preview/", "publish/"):
        asked = {"headers": {"accept": "application/json"}}
        address = f"/processes/drafts/{draft}/{path}"
        answer = browser.get(address, **asked) if path == "state/" else browser.post(address, **asked)
        assert (answer.status_code, answer.json()["message"]) == (404, told["message"])
    status, told = put(browser, 10**9, {"base_revision": 1, "xml": SMALL_SALE.decode()})
    assert status == 404 and told["message"] and told["cure"] and "url" not in told
    assert browser.get(f"/processes/drafts/{10**9}/").status_code == 404


def test_the_way_back_after_publishing_leads_to_the_version(department: Department) -> None:
    draft, browser = begun(department), head_of(department)
    put(browser, draft, {"base_revision": 1, "xml": SMALL_SALE.replace(b"Make an offer", b"Offer").decode()})
    sent = {"revision": "2", "note": ""}
    assert browser.post(f"/processes/drafts/{draft}/publish/", sent)["Location"] == "/processes/small_sale/2/"
    assert browser.get(f"/processes/drafts/{draft}/")["Location"] == "/processes/small_sale/2/"
    assert "made version 2" in browser.get("/processes/small_sale/2/").content.decode()
    Draft.objects.update(closed_at=NOW + timedelta(days=900))
    assert browser.get(f"/processes/drafts/{draft}/")["Location"] == "/processes/small_sale/"


def test_a_conflict_with_ones_own_other_window_says_so(department: Department) -> None:
    browser, draft = head_of(department), begun(department)
    xml = SMALL_SALE.decode()
    put(browser, draft, {"base_revision": 1, "xml": xml.replace("Make an offer", "There")})
    assert browser.get(f"/processes/drafts/{draft}/state/").json()["own"] is True
    status, told = put(browser, draft, {"base_revision": 1, "xml": xml.replace("Make an offer", "Here")})
    assert (status, told["own"]) == (409, True)


def test_the_book_leads_to_its_draft(department: Department) -> None:
    browser = head_of(department)
    assert ">Edit<" in browser.get("/processes/small_sale/1/").content.decode()
    answer = browser.post("/processes/small_sale/1/edit/")
    assert answer["Location"] == f"/processes/drafts/{Draft.objects.get().pk}/"
    assert "Go on with the draft" in browser.get("/processes/small_sale/1/").content.decode()
    assert client_of(department.rep).post("/processes/small_sale/1/edit/").status_code == 403


@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_earlier_state_is_looked_at_and_brought_back(department: Department, language: str) -> None:
    draft, browser = begun(department), head_of(department, language)
    put(browser, draft, {"base_revision": 1, "xml": SMALL_SALE.replace(b"Make an offer", b"Offer").decode()})
    listed = browser.get(f"/processes/drafts/{draft}/states/").content.decode()
    assert f"/processes/drafts/{draft}/states/1/" in listed and department.head.name in listed
    looked = browser.get(f"/processes/drafts/{draft}/states/1/").content.decode()
    assert "<ins>Make an offer</ins>" in looked
    answer = browser.post(f"/processes/drafts/{draft}/states/1/")
    assert (answer.status_code, answer["Location"]) == (302, f"/processes/drafts/{draft}/")
    assert b"Make an offer" in bytes(Draft.objects.get().xml)
    assert browser.get(f"/processes/drafts/{draft}/states/9/").status_code == 404


def test_a_state_that_is_not_complete_is_shown_as_a_picture(department: Department) -> None:
    browser = head_of(department)
    draft = draft_from_scratch(name="Own", kind="sale", by=department.head, now=NOW)
    whole = bytes(draft.xml).decode()
    put(browser, draft.pk, {"base_revision": 1, "xml": whole.replace("<kniga:outcome ", "<kniga:outcom ")})
    assert put(browser, draft.pk, {"base_revision": 2, "xml": whole})[0] == 200
    html = browser.get(f"/processes/drafts/{draft.pk}/states/2/").content.decode()
    assert "shown as a picture only" in html and 'data-element="first_step"' in html


def test_what_a_draft_would_change_is_told_against_the_version_in_force(department: Department) -> None:
    draft, browser = begun(department), head_of(department)
    address = f"/processes/drafts/{draft}/changes/"
    assert "say the same" in browser.get(address).content.decode()
    assert address in browser.get(f"/processes/drafts/{draft}/").content.decode()
    put(browser, draft, {"base_revision": 1, "xml": SMALL_SALE.replace(b"Make an offer", b"Offer").decode()})
    assert "<ins>Offer</ins>" in browser.get(address).content.decode()
    put(browser, draft, {"base_revision": 2, "xml": SMALL_SALE.replace(b"kniga:outcome ", b"kniga:outcom ").decode()})
    assert "Something is still missing" in browser.get(address).content.decode()
    new = draft_from_scratch(name="Own", kind="sale", by=department.head, now=NOW).pk
    assert "everything in the draft is new" in browser.get(f"/processes/drafts/{new}/changes/").content.decode()


def test_a_discarded_draft_is_brought_back_from_the_list_of_processes(department: Department) -> None:
    draft, browser = begun(department), head_of(department)
    browser.post(f"/processes/drafts/{draft}/discard/")
    assert f"/processes/drafts/{draft}/bring-back/" in browser.get("/processes/").content.decode()
    answer = browser.post(f"/processes/drafts/{draft}/bring-back/")
    assert (answer.status_code, answer["Location"]) == (302, f"/processes/drafts/{draft}/")
    assert browser.post(f"/processes/drafts/{draft}/bring-back/")["Location"] == answer["Location"]
    browser.post(f"/processes/drafts/{draft}/discard/")
    Draft.objects.filter(pk=draft).update(base_version=ProcessVersion.objects.get())
    draft_from_file(xml=SMALL_SALE, by=department.head, now=NOW)
    refused = browser.post(f"/processes/drafts/{draft}/bring-back/")
    assert refused.status_code == 422 and "has another draft now" in refused.content.decode()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_draft_of_an_older_version_says_so_and_starts_from_the_newer_one(
    department: Department, language: str
) -> None:
    browser = head_of(department, language)
    browser.post("/processes/small_sale/1/edit/")
    draft = Draft.objects.get().pk
    assert "start-from" not in browser.get(f"/processes/drafts/{draft}/").content.decode()
    newer = SMALL_SALE.replace(b"Make an offer", b"Offer")
    upload_version(xml=newer, note="", by=department.head, now=NOW)
    html = browser.get(f"/processes/drafts/{draft}/").content.decode()
    assert f"/processes/drafts/{draft}/start-from/" in html
    assert ("Start from version 2" if language == "en" else "Начать с версии 2") in html
    answer = browser.post(f"/processes/drafts/{draft}/start-from/", {"number": "2"})
    assert answer["Location"] == f"/processes/drafts/{draft}/"
    found = Draft.objects.get()
    assert (found.revision, b"Make an offer" in bytes(found.xml)) == (2, False)
    assert "start-from" not in browser.get(f"/processes/drafts/{draft}/").content.decode()
    for number in ("9", "", "x"):
        assert browser.post(f"/processes/drafts/{draft}/start-from/", {"number": number}).status_code in (302, 404)
    assert Draft.objects.get().revision == 2


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_list_of_processes_says_which_version_is_scheduled(department: Department, language: str) -> None:
    browser = head_of(department, language)
    assert "version 2 on" not in browser.get("/processes/").content.decode()
    version = upload_version(xml=SMALL_SALE.replace(b"an offer", b"one"), note="", by=department.head, now=clock.now())
    at = clock.now() + timedelta(days=2)
    schedule_publishing(version_id=version.pk, at=at, by=department.head, now=clock.now())
    said = "version 2 on" if language == "en" else "версия 2 запланирована на"
    assert said in browser.get("/processes/").content.decode()
    said = "Set for" if language == "en" else "Запланирована на"
    for page in ("2/", "compare/"):
        assert said in browser.get(f"/processes/small_sale/{page}").content.decode()


def test_as_many_drafts_and_saves_as_there_are_cost_no_more_statements(
    department: Department, django_assert_num_queries: Any
) -> None:
    """The list and the state ask as often for one draft as for thirty, and for thirty saves."""
    browser, draft = head_of(department), begun(department)
    with CaptureQueriesContext(connection) as of_one:
        browser.get("/processes/")
        browser.get(f"/processes/drafts/{draft}/state/")
        browser.get(f"/processes/drafts/{draft}/states/")
    statements = len(of_one)
    for number in range(29):
        draft_from_scratch(name=f"Own {number}", kind="sale", by=department.head, now=NOW)
    xml = SMALL_SALE.decode()
    for revision in range(1, 30):
        sent = {"base_revision": revision, "xml": xml.replace("Make an offer", f"Offer {revision}")}
        assert put(browser, draft, sent)[0] == 200
    with django_assert_num_queries(statements):
        assert browser.get("/processes/").content.decode().count("/processes/drafts/") == 30
        browser.get(f"/processes/drafts/{draft}/state/")
        browser.get(f"/processes/drafts/{draft}/states/")


def test_a_save_that_tells_how_the_file_was_written_before_keeps_its_bytes(department: Department) -> None:
    browser, draft = head_of(department), begun(department)
    status, told = put(
        browser, draft, {"base_revision": 1, "xml": SMALL_SALE.decode().replace("<process ", "<!-- kept --><process ")}
    )
    assert status == 200, told
    before = SMALL_SALE.decode()
    after = before.replace("Make an offer", "Make a good offer")
    assert put(browser, draft, {"base_revision": 2, "xml": after, "before": before})[0] == 200
    assert bytes(Draft.objects.get().xml).decode().count("<!-- kept -->") == 1
    assert "Make a good offer" in bytes(Draft.objects.get().xml).decode()
    assert put(browser, draft, {"base_revision": 3, "xml": after, "before": 1})[0] == 400


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_of_two_parts_put_into_each_other_one_move_holds(department: Department, side: str) -> None:
    """Saved over the door the designer uses: neither move alone is wrong, both together would be a part in itself."""
    browser, draft = head_of(department), begun(department)
    x, y = (
        '<subProcess id="x" name="X">{}</subProcess>',
        '<subProcess id="y" name="Y">{}</subProcess>',
    )
    plain = SMALL_SALE.decode()

    def drawn(parts: str) -> str:
        return plain.replace("</process>", f"{parts}</process>")

    status, told = put(browser, draft, {"base_revision": 1, "xml": drawn(x.format("") + y.format(""))})
    assert status == 200, told
    assert put(browser, draft, {"base_revision": 2, "xml": drawn(x.format(y.format("")))})[0] == 200
    mine = {"base_revision": 2, "xml": drawn(y.format(x.format("")))}
    status, told = put(browser, draft, mine)
    asked = [one for one in told["structure"] if one["both"]]
    assert status == 409 and [one["element"] for one in asked] == ["x"] and Draft.objects.get().revision == 3
    choices = [{"element": one["element"], "field": one["field"], "side": side} for one in asked]
    status, answer = put(browser, draft, mine | {"choices": choices})
    # Theirs is what is saved already: joined with nothing of mine it is the same file to the byte.
    assert (status, answer["revision"]) == (200, 4 if side == "mine" else 3)
    root = etree.fromstring(answer["xml"].encode())
    inner, outer = ("x", "y") if side == "mine" else ("y", "x")
    held = root.find(f".//*[@id='{inner}']")
    assert held is not None and held.getparent().get("id") == outer
