"""The queue of deviations, the bell, and the page of notices."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kniga.deals.models import Deal, Stage
from kniga.people.models import Notice, NoticeChoice, User
from kniga.people.notices import notify
from kniga.platform import clock
from kniga.processes.background.pump import run_due
from kniga.processes.models.control import Deviation
from tests.processes.conftest import NOW, Department
from tests.processes.conftest import department as department
from tests.processes.test_control_points import DUE, controlled, start

STATEMENTS = 10


@pytest.fixture
def deviation(department: Department) -> Deviation:
    start(department, controlled())
    run_due(now=DUE)
    return Deviation.objects.get()


def browser(user: User, language: str = "en") -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(user)
    return client


def page_after(client: Client) -> str:
    return client.get("/deviations/").content.decode()


def page(user: User, address: str, **headers: Any) -> str:
    return browser(user).get(address, **headers).content.decode()


def test_the_queue_shows_what_deviates_and_acts_lead_back_to_the_same_filter(
    department: Department, deviation: Deviation
) -> None:
    html = page(department.head, f"/deviations/?person={department.rep.pk}")
    assert "Offer not sent" in html and "Warehouse" in html and "Take up" in html
    client = browser(department.head)
    answer = client.post(f"/deviations/{deviation.pk}/?person={department.rep.pk}", {"act": "take", "word": "mine"})
    assert (answer.status_code, answer["Location"]) == (302, f"/deviations/?person={department.rep.pk}")
    html = page(department.head, "/deviations/?state=acknowledged")
    assert "Hanna has taken it up" in html and "“mine”" in html and "Take up<" not in html
    assert "hx-confirm" not in html
    another = User.objects.create_user("o@kniga.test", "correct horse 7", name="Olga", role="owner", language="en")
    assert "Hanna has taken this up. Give it back" in page(another, "/deviations/?state=acknowledged")


def test_a_refused_act_keeps_what_was_written_and_says_the_cure(department: Department, deviation: Deviation) -> None:
    answer = browser(department.head).post(f"/deviations/{deviation.pk}/", {"act": "close", "word": "  "})
    assert answer.status_code == 422 and "Say why" in answer.content.decode()
    browser(department.head).post(f"/deviations/{deviation.pk}/", {"act": "close", "word": "Ill"})
    answer = browser(department.lead).post(f"/deviations/{deviation.pk}/", {"act": "write", "word": "Call"})
    assert answer.status_code == 422 and "closed already" in answer.content.decode()
    html = page(department.head, "/deviations/?state=closed")
    assert "Closed by hand" in html and "“Ill”" in html


def test_the_deadline_is_moved_from_the_queue_and_a_refusal_keeps_what_was_typed(
    department: Department, deviation: Deviation
) -> None:
    html = page(department.head, "/deviations/")
    assert "Move the deadline" in html and f"/deals/{department.deal.pk}/owner/" in html and "due " in html
    client, at = browser(department.head), (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    address = f"/deviations/{deviation.pk}/?state=open"
    for sent, said in (
        ({"to": at, "word": " "}, "Say why"),
        ({"to": "2020-01-01T10:00", "word": "Ill"}, "Choose a moment that is to come"),
        ({"to": "soon", "word": "Ill"}, "Enter a day and a time"),
    ):
        answer = client.post(address, {"act": "move"} | sent)
        html = answer.content.decode()
        assert answer.status_code == 422 and said in html and f'value="{sent["to"]}"' in html
        assert sent["word"] == " " or ">Ill</textarea>" in html
    answer = client.post(address, {"act": "move", "to": at, "word": "Ill"})
    assert (answer.status_code, answer["Location"]) == (302, "/deviations/?state=open")
    assert "the deviation is taken up" in page_after(client)
    deviation.refresh_from_db()
    assert (deviation.state, deviation.word) == ("acknowledged", "Ill")


def test_a_deviation_from_the_deadline_is_closed_by_moving_it(department: Department) -> None:
    start(department, controlled("", due="PT2H", basis="deadline"))
    run_due(now=DUE)
    client, at = browser(department.lead, "ru"), (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    client.post(f"/deviations/{Deviation.objects.get().pk}/", {"act": "move", "to": at, "word": "Клиент в отпуске"})
    assert "отклонение закрыто" in page_after(client)
    history = page(department.rep, f"/deals/{department.deal.pk}/timeline/", HTTP_HX_REQUEST="true")
    assert "The deadline was moved: Send the offer" in history and "Клиент в отпуске" in history


def test_empty_queues_say_why(department: Department) -> None:
    assert "Nothing deviates" in page(department.head, "/deviations/")
    assert "No deviation matches" in page(department.head, "/deviations/?point=x")
    assert "No deviation has been closed" in page(department.head, "/deviations/?state=closed")


def test_reps_have_no_queue_but_see_it_on_their_deal_and_task(department: Department, deviation: Deviation) -> None:
    assert browser(department.rep).get("/deviations/").status_code == 403
    assert 'data-section="deviations"' not in page(department.rep, "/desk/")
    part = page(department.rep, f"/deviations/of/{department.deal.pk}/", HTTP_HX_REQUEST="true")
    assert "Offer not sent" in part and "/deviations/#" not in part
    assert f"/deviations/of/{department.deal.pk}/" in page(department.rep, f"/deals/{department.deal.pk}/")
    assert "Offer not sent" in page(department.rep, "/desk/?tab=all")
    assert browser(department.other).get(f"/deviations/of/{department.deal.pk}/").status_code == 404


def test_managers_see_it_on_the_board_and_above_their_peoples_desks(
    department: Department, deviation: Deviation
) -> None:
    stage = Stage.objects.filter(pipeline=department.pipeline).earliest("position")
    Deal.objects.update(pipeline=department.pipeline, stage=stage, stage_since=NOW)
    assert "Offer not sent" in page(department.head, f"/board/?pipeline={department.pipeline.pk}")
    part = page(department.head, "/desk/people/", HTTP_HX_REQUEST="true")
    assert "1 deviation" in part and "not taken up: 1" in part


def test_the_figures_come_again_by_themselves(department: Department, deviation: Deviation) -> None:
    assert "/deviations/counts/?person=7" in page(department.head, "/deviations/?person=7")
    assert "At risk" in page(department.head, "/deviations/counts/", HTTP_HX_REQUEST="true")


def test_the_bell_counts_groups_and_leads_on(department: Department, deviation: Deviation) -> None:
    lead = department.lead
    part = page(lead, "/notices/attention/", HTTP_HX_REQUEST="true")
    assert part.strip().startswith("1<") and "data-count=&#39;deviations&#39;" in part.replace("'", "&#39;")
    assert "deviations" not in page(department.rep, "/notices/attention/", HTTP_HX_REQUEST="true")
    part = page(lead, "/notices/bell/", HTTP_HX_REQUEST="true")
    assert "Offer not sent" in part and "1 unread" in part
    notice = Notice.objects.get()
    answer = browser(lead).post(f"/notices/{notice.pk}/open/", {"next": notice.url})
    assert answer["Location"] == f"/deals/{department.deal.pk}/"
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert "Nothing new" in page(lead, "/notices/bell/", HTTP_HX_REQUEST="true")
    answer = browser(lead).post(f"/notices/{notice.pk}/open/", {"next": "https://elsewhere.example/"})
    assert answer["Location"] == "/notices/"
    assert browser(department.head).post(f"/notices/{notice.pk}/open/").status_code == 404


def test_notices_are_kept_filtered_and_read_all_at_once(department: Department) -> None:
    Notice.objects.all().delete()
    assert "No notices yet" in page(department.rep, "/notices/")
    for place in range(55):
        notify(user_ids=[department.rep.pk], kind="word", title=f"Word {place}", now=NOW)
    first = page(department.rep, "/notices/?kind=word&show=unread")
    assert "Word 54" in first and "Word 4<" not in first
    more = first.split('<li hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert "Word 4<" in page(department.rep, more, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="notice-more")
    browser(department.rep).post("/notices/read/")
    assert "Nothing unread here" in page(department.rep, "/notices/?show=unread")
    assert "Word 54" in page(department.rep, "/notices/?kind=nothing")


def test_what_became_of_a_letter_is_said(department: Department) -> None:
    notify(user_ids=[department.rep.pk], kind="word", title="Hello", now=NOW)
    for state, error, said in (
        ("queued", "", "letter on its way"), ("sent", "", "letter sent"), ("failed", "no such box", "no such box"),
    ):  # fmt: skip
        Notice.objects.update(letter=state, letter_error=error)
        assert said in page(department.rep, "/notices/")


def test_one_chooses_how_one_is_told(department: Department) -> None:
    answer = browser(department.rep).post("/notices/choose/", {"kind": "word", "in_app": "on"})
    assert answer.status_code == 302
    assert NoticeChoice.objects.values_list("user", "kind", "in_app", "by_mail").get() == (
        department.rep.pk, "word", True, False,
    )  # fmt: skip
    answer = browser(department.rep, "ru").post("/notices/choose/", {"kind": "deviation"})
    assert answer.status_code == 422 and "всегда приходят под колокольчик" in answer.content.decode()


def test_many_are_taken_up_at_once_ticked_or_by_the_filter(department: Department, deviation: Deviation) -> None:
    client = browser(department.head)
    answer = client.post("/deviations/take/", {"act": "chosen"})
    assert answer.status_code == 422 and "No deviation is ticked" in answer.content.decode()
    assert client.post("/deviations/take/?person=999", {"act": "all"}).status_code == 422
    answer = client.post(
        "/deviations/take/?order=age", {"act": "chosen", "chosen": [deviation.pk, 999], "word": "mine"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/deviations/?order=age")
    deviation.refresh_from_db()
    assert (deviation.state, deviation.word, deviation.acknowledged_by) == ("acknowledged", "mine", department.head)
    assert "1 deviation taken up. 1 was taken up or closed before" in page_after(client)
    Deviation.objects.update(state="open")
    client.post("/deviations/take/?state=open", {"act": "all"})
    assert Deviation.objects.get().state == "acknowledged"


def test_an_act_brings_the_line_alone_so_that_one_stays_in_the_queue(
    department: Department, deviation: Deviation
) -> None:
    client = browser(department.head)
    address, htmx = f"/deviations/{deviation.pk}/", {"HTTP_HX_REQUEST": "true"}
    answer = client.post(address, {"act": "close", "word": " "}, **htmx)
    line = answer.content.decode()
    assert answer.status_code == 422 and line.lstrip().startswith("<li") and "Say why" in line
    answer = client.post(address, {"act": "take", "word": "mine"}, **htmx)
    line = answer.content.decode()
    assert "Hanna has taken it up" in line and "<main" not in line
    told = answer["HX-Trigger"]
    assert "deviations-changed" in told and "attention-changed" in told and f"one={deviation.pk}" in told
    undo = json.loads(told)["kniga:toasts"]["toasts"][0]["undo_url"]
    answer = client.post(undo, **htmx)
    assert answer.status_code == 204 and f"deviation-{deviation.pk}-changed" in answer["HX-Trigger"]
    assert "Take up<" in page(department.head, f"{address}row/", **htmx)
    assert client.post(f"{address}?state=open", {"act": "take"}, **htmx).content.strip() == b""
    assert client.get(f"{address}row/?state=open", **htmx).content.strip() == b""
    client.post(address, {"act": "close", "word": "Ill"}, **htmx)
    answer = client.post(address, {"act": "back"}, **htmx)
    assert answer.status_code == 422 and "closed already" in answer["HX-Trigger"]
    Deal.objects.update(owner=department.other)
    assert browser(department.lead).get(f"{address}row/", **htmx).status_code == 404


def test_handing_over_in_the_queue_stays_there(department: Department, deviation: Deviation) -> None:
    client, htmx = browser(department.head), {"HTTP_HX_REQUEST": "true"}
    address = f"/deals/{department.deal.pk}/owner/?deviation={deviation.pk}"
    assert address in client.get(address, **htmx).content.decode()
    answer = client.post(address, {"owner": department.other.pk}, **htmx)
    assert answer.status_code == 204 and f"deviation-{deviation.pk}-changed" in answer["HX-Trigger"]
    assert f"deviation={deviation.pk}" in answer["HX-Trigger"]


def test_taking_up_is_undone_from_its_toast(department: Department, deviation: Deviation) -> None:
    client = browser(department.head)
    for address, sent in (("/deviations/take/?order=age", {"act": "all"}), (f"/deviations/{deviation.pk}/", {})):
        client.post(address, sent)
        undo = page_after(client).split('class="k-toasts"')[1].split('hx-post="')[1].split('"')[0].replace("&amp;", "&")
        assert Deviation.objects.get().state == "acknowledged"
        assert browser(department.lead).post(undo).status_code == 302
        assert Deviation.objects.get().state == "acknowledged"
        client.post(undo)
        assert Deviation.objects.get().state == "open"
        assert "1 deviation is open again" in page_after(client)
    client.post("/deviations/take/undo/?at=soon")
    assert "It is too late to undo this" in page_after(client)


def test_somebody_elses_deviations_are_not_taken_up(department: Department, deviation: Deviation) -> None:
    Deal.objects.update(owner=department.other)
    client = browser(department.lead)
    client.post("/deviations/take/", {"act": "chosen", "chosen": [deviation.pk]})
    assert Deviation.objects.get().state == "open"


def test_the_queue_is_narrowed_to_a_stage_and_tells_how_long_each_has_stood(
    department: Department, deviation: Deviation
) -> None:
    stage = Stage.objects.filter(pipeline=department.pipeline).earliest("pk")
    Deal.objects.update(stage=stage)
    assert "Offer not sent</span>" in page(department.head, f"/deviations/?stage={stage.pk}")
    assert "Offer not sent</span>" not in page(department.head, f"/deviations/?stage={stage.pk + 1}")
    Deviation.objects.update(raised_at=clock.now() - timedelta(days=4))
    html = page(department.head, "/deviations/?order=age")
    assert "for 4 d" in html and stage.name in html


@pytest.mark.parametrize("number", [1, 12])
def test_the_queue_takes_the_same_statements_for_one_deviation_and_for_many(
    department: Department, deviation: Deviation, number: int, django_assert_num_queries: Any
) -> None:
    deviation.refresh_from_db()
    for place in range(1, number):
        deviation.pk, deviation.token, deviation.acknowledged_by = None, 100 + place, department.head
        deviation.save(force_insert=True)
    client = browser(department.head)
    client.get("/deviations/")
    with django_assert_num_queries(STATEMENTS):
        assert client.get("/deviations/").content.decode().count("data-pick form") == number
