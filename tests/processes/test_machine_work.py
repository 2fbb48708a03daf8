"""Service tasks: done by workers, tried again, caught by the process, or left to a person."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core import mail
from django.utils import translation

from kniga.clients.models import Channel, Contact
from kniga.deals.models import Deal
from kniga.people.models import Notice, User
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from kniga.platform.said import told_again
from kniga.processes.actions import letters, webhooks
from kniga.processes.actions.doing import ActionFailed
from kniga.processes.actions.webhooks import checked_address, secret_of, signature
from kniga.processes.background import working
from kniga.processes.background.pump import run_due
from kniga.processes.background.working import do_work, retry_work, skip_work
from kniga.processes.desk.attention_queries import attention_of
from kniga.processes.desk.decided import Decided
from kniga.processes.desk.timeline import timeline_of_deal
from kniga.processes.desk.wait_queries import incidents_for, processes_in_work
from kniga.processes.models import Instance, Task, Work
from kniga.processes.running.incident_news import people_for_incident
from kniga.processes.running.reading import read_instances
from kniga.processes.running.replaying import replay_instance
from kniga.processes.services import complete_task, start_process, undo_completion
from kniga.processes.versions.publishing import BookRefused
from kniga.web.clients.one_step import told_together
from kniga.web.clients.timeline import entry_of
from tests.processes.books import book, decided_sale, publish, task
from tests.processes.conftest import NOW, Department
from tests.processes.test_messages import FIELDS

AFTER_UNDO = NOW + timedelta(seconds=16)
FLOWS = "<flows>\nstart -> ask\nask -> work\nwork -> after\nafter -> end\n</flows>"


def action(name: str, /, retries: int = 2, **params: str) -> str:
    given = "".join(f'<kniga:param name="{key}" value="{value}"/>' for key, value in params.items())
    return (
        f'<serviceTask id="work" name="Work"><extensionElements><kniga:action name="{name}" retries="{retries}"'
        f' backoff="PT1M">{given}</kniga:action></extensionElements></serviceTask>'
    )


def letter(text: str = "Good day, {{contact.name}}!", to: str = "contact") -> str:
    return (
        f'<sendTask id="work" name="Write"><extensionElements><kniga:letter subject="About {{{{deal.name}}}}"'
        f' to="{to}">{text}</kniga:letter></extensionElements></sendTask>'
    )


def working_book(work: str, more: str = "", flows: str = "") -> bytes:
    elements = f'<startEvent id="start"/>{task("ask")}{work}{task("after")}<endEvent id="end"/>{more}'
    return book("working", elements + FLOWS.replace("</flows>", f"{flows}</flows>"))


def ask(department: Department) -> tuple[int, int]:
    started = start_process(deal_id=department.deal.pk, process_key="working", by=department.rep, now=NOW)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    return started.instance_id, started.created[0]


def contact(department: Department) -> None:
    assert department.deal.client is not None
    person = Contact.objects.create(client=department.deal.client, name="Ann", name_key="ann", is_primary=True)
    Channel.objects.create(contact=person, kind="email", value="ann@example.com", is_primary=True)


@pytest.mark.parametrize("code", ["busy", "suspended"])
def test_a_process_that_is_busy_costs_its_work_no_attempts(
    department: Department, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    contact(department)
    publish(working_book(letter()))
    ask(department)

    def refuse(**_arguments: object) -> None:
        raise Conflict(code, "Not now.")

    with monkeypatch.context() as patch:
        patch.setattr(working, "act_on_instance", refuse)
        now = AFTER_UNDO
        for _turn in range(20):
            assert do_work(now=now) == 1
            assert do_work(now=now) == 0
            now += working.BUSY
    work = Work.objects.get()
    assert (work.status, work.attempts, len(mail.outbox)) == ("running", 0, 1)
    assert do_work(now=now) == 1
    assert Task.objects.get(status="open").element == "after"
    assert len(mail.outbox) == 1


def test_a_letter_goes_out_when_its_step_can_no_longer_be_undone(department: Department) -> None:
    contact(department)
    publish(working_book(letter()))
    instance_id, _task = ask(department)
    assert do_work(now=NOW + timedelta(seconds=5)) == 0
    assert do_work(now=AFTER_UNDO) == 1
    (sent,) = mail.outbox
    assert (sent.to, sent.subject, sent.body) == (["ann@example.com"], "About Racks", "Good day, Ann!")
    assert f"kniga-{instance_id}." in sent.extra_headers["References"]
    assert Work.objects.get().status == "done"
    assert Task.objects.get(status="open").element == "after"
    assert do_work(now=AFTER_UNDO) == 0
    assert replay_instance(instance_id=instance_id).problem == ""


def test_an_undone_step_sends_nothing(department: Department) -> None:
    contact(department)
    publish(working_book(letter()))
    _instance, task_id = ask(department)
    undo_completion(task_id=task_id, by=department.rep, now=NOW + timedelta(seconds=8))
    assert not Work.objects.exists()
    assert run_due(now=AFTER_UNDO) == 0 and not mail.outbox


def test_a_letter_with_holes_or_without_an_address_becomes_an_incident(department: Department) -> None:
    publish(working_book(letter("Dear {{contact.position}}")))
    instance_id, _task = ask(department)
    do_work(now=AFTER_UNDO)
    work = Work.objects.get()
    assert (work.status, work.attempts) == ("incident", 1)
    assert "contact.position" in work.error or "почт" in work.error or "e-mail" in work.error
    incident = Event.objects.get(kind="processes.work.incident")
    assert incident.deal_id == department.deal.pk and incident.payload["element"] == "work"
    assert Instance.objects.get(pk=instance_id).status == "running"


def test_an_incident_is_said_in_the_language_of_who_reads_it(department: Department) -> None:
    publish(working_book(letter("Dear {{contact.position}}", to="owner")))
    ask(department)
    do_work(now=AFTER_UNDO)
    told = Work.objects.get().error_told
    assert told is not None and told["code"] == "gaps"
    event = Event.objects.get(kind="processes.work.incident")
    assert event.payload["error_told"] == told
    for language, field, words in (
        ("ru", "должность контакта", "никто не"),
        ("en", "contact's position", "which nobody has filled in"),
    ):
        with translation.override(language):
            (incident,) = incidents_for(user=department.head).rows
            assert words in incident.error and field in incident.error
            (in_work,) = processes_in_work(user=department.head, deal=department.deal)
            assert [words in wait.detail for wait in in_work.waits] == [True]
    Work.objects.update(error_told=None, error="as it was written then")
    assert incidents_for(user=department.head).rows[0].error == "as it was written then"


def test_a_person_retries_or_skips_an_incident_with_a_reason(department: Department) -> None:
    publish(working_book(letter("Dear {{contact.name}}")))
    instance_id, _task = ask(department)
    do_work(now=AFTER_UNDO)
    work_id = Work.objects.get().pk
    for act in (retry_work, skip_work):
        with pytest.raises(Refused) as refused:
            act(work_id=work_id, reason="x", by=department.rep, now=AFTER_UNDO)
        assert refused.value.code == "not_allowed"
        with pytest.raises(Refused) as silent:
            act(work_id=work_id, reason="", by=department.head, now=AFTER_UNDO)
        assert silent.value.field == "reason"
    with pytest.raises(NotVisible):
        retry_work(work_id=work_id + 1, reason="x", by=department.head, now=AFTER_UNDO)
    retry_work(work_id=work_id, reason="Try again", by=department.head, now=AFTER_UNDO)
    do_work(now=AFTER_UNDO)
    assert Work.objects.get().status == "incident"
    skip_work(work_id=work_id, reason="Said it by phone", by=department.head, now=AFTER_UNDO)
    assert Work.objects.get().status == "skipped"
    assert Task.objects.get(status="open").element == "after"
    with pytest.raises(Conflict):
        skip_work(work_id=work_id, reason="again", by=department.head, now=AFTER_UNDO)
    told = Event.objects.filter(kind__startswith="processes.work.", actor_id=department.head.pk)
    assert [event.payload.get("reason") for event in told.order_by("id") if "reason" in event.payload] == [
        "Try again", "Said it by phone",
    ]  # fmt: skip
    assert replay_instance(instance_id=instance_id).problem == ""


CAUGHT = '<boundaryEvent id="failed" attachedToRef="work"><errorEventDefinition/></boundaryEvent>' + task("repair")


def test_the_process_may_catch_what_fails_for_good(department: Department) -> None:
    publish(working_book(letter("Dear {{contact.name}}"), CAUGHT, "failed -> repair\nrepair -> end\n"))
    instance_id, _task = ask(department)
    do_work(now=AFTER_UNDO)
    assert Work.objects.get().status == "failed"
    assert Task.objects.get(status="open").element == "repair"
    assert replay_instance(instance_id=instance_id).problem == ""


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers with what it is told to, and keeps what came."""

    answers: list[tuple[int, bytes]] = []
    came: list[tuple[dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.came.append((dict(self.headers), body))
        status, text = self.answers.pop(0)
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.answers, Receiver.came = [], []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


def test_a_webhook_is_signed_tried_again_with_patience_and_its_answer_is_taken(
    department: Department, receiver: str, settings: Any
) -> None:
    settings.WEBHOOK_LOOPBACK = True
    Receiver.answers += [(503, b""), (200, b'{"ok": true}')]
    publish(working_book(action("call_webhook", url=receiver, event="asked")))
    instance_id, _task = ask(department)
    do_work(now=AFTER_UNDO)
    work = Work.objects.get()
    assert (work.status, work.attempts, work.next_at) == ("queued", 1, AFTER_UNDO + timedelta(minutes=1))
    assert do_work(now=AFTER_UNDO + timedelta(seconds=59)) == 0
    assert do_work(now=AFTER_UNDO + timedelta(minutes=1)) == 1
    assert Task.objects.get(status="open").element == "after"
    headers, body = Receiver.came[1]
    moment, _comma, made = headers["X-Kniga-Signature"].removeprefix("t=").partition(",v1=")
    assert made == signature(secret_of(receiver), moment, body)
    assert headers["X-Kniga-Delivery"] == str(work.pk) == Receiver.came[0][0]["X-Kniga-Delivery"]
    told = json.loads(body)
    assert (told["event"], told["deal"]["name"], told["process_instance"]) == ("asked", "Racks", instance_id)


def test_retries_come_twice_as_late_each_time_and_then_a_person_is_asked(
    department: Department, receiver: str, settings: Any
) -> None:
    settings.WEBHOOK_LOOPBACK = True
    Receiver.answers += [(500, b"")] * 3
    publish(working_book(action("call_webhook", url=receiver)))
    ask(department)
    now, waits = AFTER_UNDO, []
    while Work.objects.get().status in ("queued", "running"):
        now = max(now, Work.objects.get().next_at)
        waits.append(now)
        do_work(now=now)
    assert [(later - before).seconds for before, later in pairwise(waits)] == [60, 120]
    assert Work.objects.get().status == "incident"


@pytest.mark.parametrize("status", [302, 404])
def test_redirects_are_not_followed_and_refusals_are_final(
    department: Department, receiver: str, settings: Any, status: int
) -> None:
    settings.WEBHOOK_LOOPBACK = True
    Receiver.answers += [(status, b"")]
    publish(working_book(action("call_webhook", url=receiver)))
    ask(department)
    do_work(now=AFTER_UNDO)
    assert Work.objects.get().status == "incident" and len(Receiver.came) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "http://[::1]/", "http://10.0.0.8/", "http://169.254.169.254/latest",
                                     "http://[::ffff:10.0.0.1]/", "http://0.0.0.0/"])  # fmt: skip
def test_addresses_inside_the_house_are_not_called(department: Department, address: str) -> None:
    publish(working_book(action("call_webhook", url=address)))
    ask(department)
    do_work(now=AFTER_UNDO)
    assert (Work.objects.get().status, Work.objects.get().attempts) == ("incident", 1)


@pytest.mark.parametrize(
    "address", ["ftp://example.com", "example.com", "http://", "https://user@example.com/", "http://a:b/"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ActionFailed):
        checked_address(address)


def test_another_process_starts_beside_the_running_one(department: Department) -> None:
    publish(book("beside", f'<startEvent id="start"/>{task("extra")}<endEvent id="end" kniga:result="won"/>'
                 "<flows>\nstart -> extra\nextra -> end\n</flows>"))  # fmt: skip
    publish(working_book(action("start_process", process="beside")))
    instance_id, _task = ask(department)
    run_due(now=NOW)
    child = Instance.objects.get(parent_id=instance_id)
    assert child.parent_token is None
    opened = {one.element: one.pk for one in Task.objects.filter(status="open")}
    assert set(opened) == {"extra", "after"}
    complete_task(task_id=opened["extra"], outcome="ok", answers={}, by=department.rep, now=AFTER_UNDO)
    assert Deal.objects.get().status == "open", "only the deal's own process wins it"
    assert Instance.objects.get(pk=child.pk).result == "won"


def test_work_that_nobody_finished_is_taken_up_again(department: Department) -> None:
    contact(department)
    publish(working_book(letter()))
    ask(department)
    Work.objects.update(status="running", attempts=1, next_at=AFTER_UNDO + timedelta(minutes=2))
    assert do_work(now=AFTER_UNDO) == 0
    assert do_work(now=AFTER_UNDO + timedelta(minutes=2)) == 1
    assert Work.objects.get().status == "done"


def test_what_was_done_is_not_done_twice(department: Department) -> None:
    contact(department)
    publish(working_book(letter()))
    ask(department)
    Work.objects.update(status="running", attempts=1, results={}, next_at=AFTER_UNDO)
    do_work(now=AFTER_UNDO)
    assert Work.objects.get().status == "done" and not mail.outbox


def test_an_action_nobody_could_carry_out_is_refused_by_name(department: Department) -> None:
    with pytest.raises(BookRefused) as refused:
        publish(working_book(action("fly")))
    assert refused.value.problems[0].code == "unknown_action"


POINTS = """<serviceTask id="work" name="Score of the deal"><extensionElements><kniga:action name="rescore">
<kniga:param name="answer" value="score"/>
<kniga:points label="Large deal" value="20"><kniga:condition>{"field": "deal.amount", "op": "ge", "value": "100"}
</kniga:condition></kniga:points>
<kniga:points value="-5"><kniga:condition>{"field": "client.is_customer", "op": "eq", "value": false}</kniga:condition>
</kniga:points>
<kniga:points label="Near" value="7"><kniga:condition>{"field": "client.region", "op": "eq", "value": "Oslo"}
</kniga:condition></kniga:points></kniga:action></extensionElements></serviceTask>"""


def test_points_are_added_up_anew_and_the_history_tells_which_lines_counted(department: Department) -> None:
    publish(working_book(POINTS))
    Deal.objects.update(amount=100)
    started = start_process(deal_id=department.deal.pk, process_key="working", by=department.rep, now=NOW)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    assert not Work.objects.exists(), "the engine does it at once"
    with translation.override("en"):
        rows = timeline_of_deal(user=department.rep, deal=department.deal).rows
        (found,) = (row for row in rows if row.decided)
    assert found.decided == (
        Decided("Score of the deal", "15", (("Large deal", "+20"), ("Has bought before is no", "-5"))),
    )
    (told,) = (line for line in map(entry_of, told_together(rows)) if ("Score of the deal", "15") in line.details)
    assert ("• Large deal", "+20") in told.details
    with translation.override("ru"):
        (row,) = (row for row in timeline_of_deal(user=department.rep, deal=department.deal).rows if row.decided)
        assert row.decided[0].reasons[1] == ("Уже покупал: нет", "-5")
    assert replay_instance(instance_id=started.instance_id).problem == ""


def test_a_table_tells_in_the_history_which_row_answered(department: Department) -> None:
    publish(decided_sale(("< 100", "low"), (">= 100", "high"), ("null", "ask")))
    Deal.objects.update(amount=100)
    started = start_process(deal_id=department.deal.pk, process_key="decided", by=department.rep, now=NOW)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    with translation.override("en"):
        rows = timeline_of_deal(user=department.rep, deal=department.deal).rows
        (found,) = (row for row in rows if row.decided)
    assert found.decided == (Decided("level", "high", (("Deal amount is at least 100", ""),)),)


def test_the_secret_of_an_address_is_its_own() -> None:
    here, there = "https://example.com/a", "https://example.com/b"
    assert secret_of(here) != secret_of(there)
    assert secret_of(here) == secret_of("https://EXAMPLE.com/a?x=1")


@pytest.mark.parametrize(
    "address",
    ["http://[64:ff9b::a00:1]/", "http://[2002:a00:1::]/", "http://[::10.0.0.1]/", "http://[fec0::1]/"],
)
def test_addresses_that_wrap_one_inside_the_house_are_not_called(address: str) -> None:
    parts = checked_address(address)
    with pytest.raises(ActionFailed) as refused:
        webhooks._public_address(parts.hostname or "", 80)
    assert refused.value.code == "bad_address"


def test_an_address_in_any_letters_is_written_as_the_wire_wants_it() -> None:
    assert checked_address("https://Пример.рф:8080/сделка б?q=да#x").geturl() == (
        "https://xn--e1afmkfd.xn--p1ai:8080/%D1%81%D0%B4%D0%B5%D0%BB%D0%BA%D0%B0%20%D0%B1?q=%D0%B4%D0%B0"
    )
    assert checked_address("http://[::1]:80/a%20b?c=1&d=2").geturl() == "http://[::1]:80/a%20b?c=1&d=2"


def test_a_path_in_any_letters_is_called(department: Department, receiver: str, settings: Any) -> None:
    settings.WEBHOOK_LOOPBACK = True
    Receiver.answers += [(200, b"")]
    publish(working_book(action("call_webhook", url=f"{receiver}/сделка")))
    ask(department)
    do_work(now=AFTER_UNDO)
    assert Work.objects.get().status == "done" and len(Receiver.came) == 1


DEEP = b'{"a":' * 500 + b"1" + b"}" * 500


@pytest.mark.parametrize("answer", [b'{"a":"\\u0000"}', b'{"a":"\\ud800"}', b"[" * 60_000, DEEP])
def test_an_answer_nobody_could_keep_is_left_to_a_person_and_not_asked_for_again(
    department: Department, receiver: str, settings: Any, answer: bytes
) -> None:
    settings.WEBHOOK_LOOPBACK = True
    Receiver.answers += [(200, answer)]
    publish(working_book(action("call_webhook", url=receiver)))
    ask(department)
    run_due(now=AFTER_UNDO)
    run_due(now=AFTER_UNDO + timedelta(days=1))
    assert (Work.objects.get().status, len(Receiver.came)) == ("incident", 1)


def test_an_address_that_is_none_leaves_other_work_alone(department: Department) -> None:
    publish(working_book(action("call_webhook", url="http://example..com/x")))
    ask(department)
    run_due(now=AFTER_UNDO)
    assert (Work.objects.get().status, Work.objects.get().attempts) == ("incident", 1)


def test_what_breaks_is_tried_again_and_then_left_to_a_person(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_job: object) -> dict[str, object]:
        raise RuntimeError("bad\0luck")

    contact(department)
    publish(working_book(letter()))
    ask(department)
    monkeypatch.setattr(working, "DOINGS", {"send_letter": breaks})
    for hours in range(30):
        run_due(now=AFTER_UNDO + timedelta(hours=hours))
    work = Work.objects.get()
    assert work.status == "incident" and "RuntimeError: badluck" in work.error


def test_a_letter_another_worker_has_taken_over_is_not_sent(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact(department)
    publish(working_book(letter()))
    ask(department)
    values = letters.letter_values
    begun: list[int] = []

    def slowly(**given: Any) -> dict[str, str]:
        begun.append(1)
        if len(begun) == 1:
            do_work(now=AFTER_UNDO + timedelta(minutes=3))  # the other one is faster
        return values(**given)

    monkeypatch.setattr(letters, "letter_values", slowly)
    do_work(now=AFTER_UNDO)
    assert (len(begun), len(mail.outbox), Work.objects.get().status) == (2, 1, "done")


def test_work_is_taken_one_by_one_each_with_a_lease_of_its_own(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact(department)
    publish(working_book(letter()))
    ask(department)
    one = Work.objects.get()
    one.pk, one.token = None, one.token + 1
    one.save()
    moments = [AFTER_UNDO]
    leases: list[timedelta] = []

    def send(job: Any) -> dict[str, object]:
        queued = Work.objects.exclude(pk=job.work_id).filter(status__in=("queued", "running"))
        leases.append(Work.objects.get(pk=job.work_id).next_at - moments[-1])
        assert not queued.filter(status="running").exists(), "nobody takes what he is not at"
        moments.append(moments[-1] + timedelta(minutes=5))
        raise ActionFailed("no", is_final=True)

    monkeypatch.setattr(working, "DOINGS", {"send_letter": send})
    do_work(now=AFTER_UNDO, clock=lambda: moments[-1])
    assert leases == [working.LEASE] * 2


def test_work_that_always_takes_its_worker_along_is_left_to_a_person(department: Department) -> None:
    contact(department)
    publish(working_book(letter()))
    ask(department)
    Work.objects.update(status="running", attempts=50, next_at=AFTER_UNDO)
    do_work(now=AFTER_UNDO)
    assert Work.objects.get().status == "incident" and not mail.outbox


def test_an_answer_that_does_not_fit_is_asked_for_again_when_a_person_says_so(
    department: Department, receiver: str, settings: Any
) -> None:
    settings.WEBHOOK_LOOPBACK = True
    Receiver.answers += [(200, b'{"sum": "abc"}'), (200, b'{"sum": "5"}')]
    hook = action("call_webhook", url=receiver)
    elements = f'<startEvent id="start"/>{task("ask")}{hook}{task("after")}<endEvent id="end"/>'
    publish(book("working", elements + FLOWS, extra=FIELDS))
    ask(department)
    do_work(now=AFTER_UNDO)
    work = Work.objects.get()
    assert (work.status, work.results) == ("incident", None)
    retry_work(work_id=work.pk, reason="Mended there", by=department.head, now=AFTER_UNDO)
    do_work(now=AFTER_UNDO)
    assert (Work.objects.get().status, len(Receiver.came)) == ("done", 2)
    assert Instance.objects.get().data["sum"]


def test_an_answer_that_drips_is_given_up_at_the_deadline(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOK_LOOPBACK = True
    monkeypatch.setattr(webhooks, "DEADLINE", 0.3)
    is_over = threading.Event()

    class Dripping(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            with suppress(OSError):
                while not is_over.wait(0.02):
                    self.wfile.write(b"x")

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(TimeoutError):
            webhooks._post(checked_address(f"http://127.0.0.1:{server.server_port}/x"), b"{}", {})
    finally:
        is_over.set()
        server.shutdown()
        server.server_close()


def namesakes(department: Department) -> list[Contact]:
    found = []
    for number in (1, 2):
        person = Contact.objects.create(
            client=department.deal.client, name="Ivan Ivanov", name_key="ivan ivanov", is_primary=number == 1
        )
        Channel.objects.create(contact=person, kind="email", value=f"ivan{number}@example.com", is_primary=True)
        found.append(person)
    return found


EACH = '<multiInstanceLoopCharacteristics kniga:each="client.contacts"/>'


def test_a_letter_for_each_contact_reaches_namesakes_too(department: Department) -> None:
    namesakes(department)
    publish(working_book(letter().replace("</sendTask>", f"{EACH}</sendTask>")))
    instance_id, _task = ask(department)
    run_due(now=AFTER_UNDO)
    assert sorted(one.to for one in mail.outbox) == [["ivan1@example.com"], ["ivan2@example.com"]]
    assert replay_instance(instance_id=instance_id).problem == ""


def test_a_letter_sent_a_number_of_times_goes_to_the_main_contact(department: Department) -> None:
    namesakes(department)
    twice = "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"
    publish(working_book(letter().replace("</sendTask>", f"{twice}</sendTask>")))
    ask(department)
    run_due(now=AFTER_UNDO)
    assert [one.to for one in mail.outbox] == [["ivan1@example.com"]] * 2


def test_a_task_for_each_contact_names_the_contact(department: Department) -> None:
    namesakes(department)
    publish(working_book(task("work").replace("</userTask>", f"{EACH}</userTask>")))
    ask(department)
    names = Task.objects.filter(status="open", element="work").values_list("name", flat=True)
    assert [name.partition(": ")[2] for name in names] == ["Ivan Ivanov"] * 2


def test_who_may_deal_with_an_incident_is_told_of_it_once(department: Department) -> None:
    Notice.objects.all().delete()  # people are told of new books, too
    publish(working_book(letter()))
    ask(department)
    for _round in range(3):
        do_work(now=AFTER_UNDO)
    work = Work.objects.get()
    assert work.status == "incident"
    told = Notice.objects.filter(kind="incident").order_by("user_id")
    assert [one.user.name for one in told] == ["Lena", "Hanna"]
    assert told[0].title == "Не получилось: Write, сделка № 1, Warehouse" and told[0].body
    assert told[0].url == f"/processes/incidents/#work-{work.pk}"
    with translation.override("en"):
        assert told_again(told[0].told["title"], "") == "Could not be done: Write, deal No. 1, Warehouse"
    counted = [attention_of(user=one).incidents for one in (department.lead, department.head, department.rep)]
    assert counted == [1, 1, None]


def test_an_incident_of_a_deal_of_nobody_reaches_those_above(department: Department) -> None:
    owner = User.objects.create_user("boss@example.com", name="Boris", role="owner")
    Deal.objects.update(owner=None)
    User.objects.filter(role="head").delete()
    publish(working_book(letter()))
    started = start_process(deal_id=department.deal.pk, process_key="working", by=owner, now=NOW)
    deal = read_instances(instance_ids=[started.instance_id])[started.instance_id].deal
    assert people_for_incident(deal) == [owner.pk]
