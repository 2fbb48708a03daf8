"""The pages that show what processes wait for, and let those who may put things right by hand."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from kniga.deals.models import Deal
from kniga.engine import compile_bpmn
from kniga.people.models import User
from kniga.platform import clock
from kniga.processes.background.pump import run_due
from kniga.processes.background.working import do_work
from kniga.processes.correlation.messaging import receive_message
from kniga.processes.models import Instance, Message, Task, Work
from kniga.processes.services import complete_task, start_process
from kniga.processes.versions.unkept import unkept_promises
from tests.processes.books import publish
from tests.processes.conftest import NOW, Department, make_department
from tests.processes.test_event_incidents import LATER, begin, leads_nowhere
from tests.processes.test_machine_work import AFTER_UNDO, letter, working_book
from tests.processes.test_messages import asked_book, receiving
from tests.processes.test_timers import AFTER_TWO_DAYS, waiting_book


@pytest.fixture
def department(db: None) -> Department:
    return make_department()


def browser(user: User, language: str = "en") -> Browser:
    made = Browser(headers={"Accept-Language": language})
    made.force_login(user)
    return made


def start(department: Department, key: str) -> int:
    return start_process(deal_id=department.deal.pk, process_key=key, by=department.rep, now=NOW).instance_id


def test_the_deal_shows_until_when_it_waits(department: Department) -> None:
    publish(waiting_book(AFTER_TWO_DAYS))
    start(department, "waiting")
    page = browser(department.rep).get(f"/deals/{department.deal.pk}/processes/").content.decode()
    assert "waits until" in page and "Steer by hand" not in page
    card = browser(department.rep).get(f"/deals/{department.deal.pk}/").content.decode()
    assert "Waiting: " in card and ", until " in card
    assert "Nothing is planned" not in card and f"/deals/{department.deal.pk}/processes/" in card
    russian = browser(department.head, "ru").get(f"/deals/{department.deal.pk}/processes/").content.decode()
    assert "ждёт до" in russian


def test_the_deal_shows_which_message_it_waits_for(department: Department) -> None:
    publish(receiving())
    start(department, "receiving")
    complete_task(task_id=Task.objects.get().pk, outcome="ok", answers={}, by=department.rep, now=NOW)
    page = browser(department.rep).get(f"/deals/{department.deal.pk}/processes/").content.decode()
    assert "waits for the message “paid”" in page
    for address in (f"/deals/{department.deal.pk}/", f"/tasks/{Task.objects.get().pk}/"):
        assert "Waiting: Wait for the money" in browser(department.rep).get(address).content.decode()


def test_the_owner_notes_that_the_message_has_come(department: Department) -> None:
    publish(receiving())
    start(department, "receiving")
    complete_task(task_id=Task.objects.get().pk, outcome="ok", answers={}, by=department.rep, now=NOW)
    rep = browser(department.rep)
    address = f"/deals/{department.deal.pk}/messages/"
    page = rep.get(f"/deals/{department.deal.pk}/processes/").content.decode()
    assert "Has the client got in touch?" in page and "Wait for the money" in page and address in page
    assert browser(department.other).post(address, {"name": "paid", "channel": "call"}).status_code == 404
    assert rep.post(address, {"name": "paid", "channel": "smoke"}).status_code == 422
    assert rep.post(address, {"name": "paid", "channel": "call"}).status_code == 302
    assert Task.objects.get(status="open").element == "thank"
    message = Message.objects.get()
    assert (message.source, message.status, message.sent_by_id) == ("call", "matched", department.rep.pk)
    assert rep.post(address, {"name": "paid", "channel": "call"}).status_code == 422


def test_a_call_that_is_noted_begins_the_process_that_starts_with_it(department: Department) -> None:
    publish(asked_book("call"))
    rep = browser(department.rep)
    page = rep.get(f"/deals/{department.deal.pk}/processes/").content.decode()
    assert "by telephone" in page and "by e-mail" not in page
    assert rep.post(f"/deals/{department.deal.pk}/messages/", {"name": "asked", "channel": "call"}).status_code == 302
    assert Task.objects.get(status="open").element == "answer"


def test_a_start_by_a_channel_that_brings_nothing_itself_is_a_warning(department: Department) -> None:
    for channel, codes in (("import", ["channel_by_hand"]), ("email", []), ("call", []), ("api", []), ("any", [])):
        found = unkept_promises(compile_bpmn(asked_book(channel)))
        assert [problem.code for problem in found] == codes


def test_a_manager_pauses_resumes_sends_and_stops_with_a_reason(department: Department) -> None:
    instance_id = start(department, "small_sale")
    address = f"/deals/{department.deal.pk}/processes/{instance_id}/"
    head = browser(department.head)

    def press(act: str, status: int = 302, **more: str) -> str:
        answer = head.post(address, {"act": act, "reason": "Because", **more})
        assert answer.status_code == status
        return answer.content.decode()

    assert browser(department.rep).post(address, {"act": "pause", "reason": "x"}).status_code == 403
    assert "Say why" in press("pause", 422, reason="")
    assert "Say why" in press("stop", 422, reason="")
    press("pause", reason="On holiday")
    assert Instance.objects.get().status == "suspended"
    assert "Paused" in head.get(f"/deals/{department.deal.pk}/processes/").content.decode()
    task_id = Task.objects.get(status="open").pk
    card = head.get(f"/deals/{department.deal.pk}/").content.decode()
    assert "On holiday" in card and "Look at the task" in card and "Open the task" not in card
    task = head.get(f"/tasks/{task_id}/").content.decode()
    assert "On holiday" in task and "The deal is paused" in task and " disabled" in task
    assert "Paused" in head.get("/deals/").content.decode()
    press("resume")
    assert " disabled" not in head.get(f"/tasks/{task_id}/").content.decode()
    assert "Paused" not in head.get("/deals/").content.decode()
    assert "Choose the step" in press("send", 422, element="")
    asked = head.get(f"/deals/{department.deal.pk}/processes/").content.decode()
    assert "the other branches" in asked and "Yes, stop the process" in asked and " selected" not in asked
    press("send", element="offer")
    assert Task.objects.get(status="open").element == "offer"
    press("stop")
    assert Instance.objects.get().status == "cancelled"
    assert head.post(address, {"act": "pause", "reason": "x"}).status_code == 404


def test_incidents_are_listed_tried_again_and_passed_over(department: Department) -> None:
    publish(working_book(letter("Dear {{contact.name}}")))
    start(department, "working")
    complete_task(task_id=Task.objects.get().pk, outcome="ok", answers={}, by=department.rep, now=NOW)
    do_work(now=AFTER_UNDO)
    head, work_id = browser(department.head), Work.objects.get().pk
    assert "Racks" in head.get("/processes/incidents/").content.decode()
    card = head.get(f"/deals/{department.deal.pk}/").content.decode()
    assert "An incident at “" in card and "a manager is needed" in card
    assert "a manager is needed" in head.get(f"/tasks/{Task.objects.get().pk}/").content.decode()
    assert "Look into it" in head.get(f"/deals/{department.deal.pk}/processes/").content.decode()
    assert browser(department.rep).get("/processes/incidents/").status_code == 403
    assert head.post(f"/processes/incidents/{work_id}/", {"act": "skip", "reason": ""}).status_code == 422
    assert head.post(f"/processes/incidents/{work_id}/", {"act": "retry", "reason": "Once more"}).status_code == 302
    assert Work.objects.get().status == "queued"
    page = head.get("/processes/incidents/").content.decode()
    assert "Being tried again" in page and "1 attempt<" in page and "No incidents" not in page
    do_work(now=clock.now())
    assert Work.objects.get().status == "incident" and Work.objects.get().attempts == 1
    page = head.get("/processes/incidents/").content.decode()
    assert "Being tried again" not in page and "2 attempts<" in page
    assert head.post(f"/processes/incidents/{work_id}/", {"act": "skip", "reason": "By phone"}).status_code == 302
    assert Task.objects.get(status="open").element == "after"
    assert "No incidents" in head.get("/processes/incidents/").content.decode()
    for act in ("skip", "retry"):
        late = head.post(f"/processes/incidents/{work_id}/", {"act": act, "reason": "In another tab"})
        assert late.status_code == 422 and "no longer waits for anybody" in late.content.decode()
    for address in (f"/deals/{department.deal.pk}/timeline/", f"/clients/{department.deal.client_id}/timeline/"):
        told = head.get(address).content.decode()
        assert "part was left out: By phone" in told and "has done its part" not in told


def test_an_incident_is_counted_in_the_menu_and_marked_among_the_deals(department: Department) -> None:
    publish(working_book(letter("Dear {{contact.name}}")))
    start(department, "working")
    head, place = browser(department.head), "/processes/working/running/"
    assert "None meets this choice" in head.get(f"{place}?incident=on").content.decode()
    complete_task(task_id=Task.objects.get().pk, outcome="ok", answers={}, by=department.rep, now=NOW)
    do_work(now=AFTER_UNDO)
    page = head.get(f"{place}?incident=on").content.decode()
    assert 'href="/processes/incidents/">Incident</a>' in page and "Racks" in page
    page = browser(department.rep, "ru").get(place).content.decode()
    assert ">Инцидент</span>" in page and "Только с инцидентом" in page
    page = head.get("/processes/incidents/").content.decode()
    assert page.count('data-count="incidents"') == 3  # menu, menu of phones, tab
    counts = {"HX-Request": "true"}
    assert "[data-count='incidents']\">1<" in head.get("/notices/attention/", headers=counts).content.decode()
    assert "incidents" not in browser(department.rep).get("/notices/attention/", headers=counts).content.decode()
    made = head.post(
        "/processes/working/running/act/", {"kind": "cancel", "reason": "x", "whom": "all", "incident": "on"}
    )
    assert "with an incident" in head.get(made["Location"]).content.decode()


def test_a_reason_that_is_too_long_is_refused_and_never_cut(department: Department) -> None:
    publish(working_book(letter("Dear {{contact.name}}")))
    instance_id = start(department, "working")
    complete_task(task_id=Task.objects.get().pk, outcome="ok", answers={}, by=department.rep, now=NOW)
    do_work(now=AFTER_UNDO)
    head, deal, long = browser(department.head), department.deal.pk, "x" * 1_001
    for address, act in (
        (f"/deals/{deal}/processes/{instance_id}/", "pause"),
        (f"/processes/incidents/{Work.objects.get().pk}/", "skip"),
        ("/processes/working/running/act/", ""),
    ):
        answer = head.post(address, {"act": act, "kind": "stop", "whom": "all", "reason": long})
        page = answer.content.decode()
        assert answer.status_code == 422 and "Shorten this to 1000 characters" in page and f'value="{long}"' in page
    assert Work.objects.get().status == "incident" and Instance.objects.get().status == "running"


def test_what_speaks_against_a_start_stands_in_its_form(department: Department) -> None:
    publish(working_book(letter()))
    start(department, "working")
    form = {"kind": "start", "reason": "Now", "to_step": "after"}
    page = browser(department.head).post("/processes/working/running/act/", form).content.decode()
    told = page.index('role="alert"')
    assert page.count('role="alert"') == 1 and told > page.index("Start for deals that run nothing")
    assert 'value="after" selected' in page and "autofocus" in page


def test_an_act_names_the_step_deals_are_sent_to(department: Department) -> None:
    publish(working_book(letter()).replace(b'name="after"', b'name="Call after that"'))
    start(department, "working")
    form = {"kind": "send", "reason": "Now", "to_step": "after", "whom": "all"}
    head = browser(department.head)
    page = head.get(head.post("/processes/working/running/act/", form)["Location"]).content.decode()
    assert "Step they are sent to: Call after that" in page


def test_a_timer_that_leads_nowhere_is_among_the_incidents(department: Department) -> None:
    begin(department, leads_nowhere())
    Deal.objects.update(amount=5)
    run_due(now=LATER)
    head, work_id = browser(department.head), Work.objects.get().pk
    page = head.get("/processes/incidents/").content.decode()
    assert "A timer has come" in page and "no way on from here" in page
    assert "Look into it" in head.get(f"/deals/{department.deal.pk}/processes/").content.decode()
    assert head.post(f"/processes/incidents/{work_id}/", {"act": "skip", "reason": "Not needed"}).status_code == 302
    assert "No incidents" in head.get("/processes/incidents/").content.decode()
    told = head.get(f"/deals/{department.deal.pk}/timeline/").content.decode()
    assert "A timer could not fire" in told and "part was left out: Not needed" in told


def test_messages_nobody_waits_for_are_visible(department: Department) -> None:
    receive_message(name="asked", deal_id=department.deal.pk, source="api", now=NOW)
    head = browser(department.head)
    assert "asked" in head.get("/processes/messages/").content.decode()
    assert "No messages here" in head.get("/processes/messages/?status=failed").content.decode()
