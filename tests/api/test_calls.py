"""Calls reported by a telephone exchange find their client and what waits for them."""

from __future__ import annotations

from kniga.clients.contact_services import ContactInput, add_contact
from kniga.processes.models import Message, Task
from tests.api.conftest import NOW, CallerFor
from tests.api.test_resources import conforms
from tests.processes.books import book, publish, task
from tests.processes.conftest import Department

BY_CALL = book(
    "by_call",
    f'<startEvent id="start" kniga:channel="call"><messageEventDefinition messageRef="m"/></startEvent>{task("answer")}'
    '<endEvent id="end"/><flows>\nstart -> answer\nanswer -> end\n</flows>',
    around='<message id="m" name="call" kniga:correlation="client"/>',
)
CALL = {"from_number": "8 (912) 345-67-89", "to_number": "+74951234567", "at": "2026-03-02T10:00:00+03:00"}


def test_a_call_begins_the_process_that_starts_with_it(department: Department, caller_for: CallerFor) -> None:
    publish(BY_CALL)
    assert department.deal.client is not None
    ann = ContactInput("Ann", phones=("+79123456789",))
    add_contact(client=department.deal.client, contact=ann, by=department.rep, now=NOW)
    call = caller_for(department.rep)
    came = call("POST", "/calls", CALL)
    assert came.status_code == 200 and conforms(came.json(), "POST", "/calls")
    assert (came.json()["client_id"], came.json()["status"]) == (department.deal.client_id, "matched")
    assert Task.objects.get(status="open").element == "answer"
    out = call("POST", "/calls", {**CALL, "direction": "out", "to_number": "+79123456789"})
    assert out.json()["client_id"] == department.deal.client_id
    assert Message.objects.first().payload["direction"] == "in"  # type: ignore[union-attr]


def test_a_call_of_nobody_one_sees_is_unknown(department: Department, caller_for: CallerFor) -> None:
    assert department.deal.client is not None
    ann = ContactInput("Ann", phones=("+79123456789",))
    add_contact(client=department.deal.client, contact=ann, by=department.rep, now=NOW)
    for person, body in ((department.other, CALL), (department.rep, {**CALL, "from_number": "+79990000000"})):
        came = caller_for(person)("POST", "/calls", body).json()
        assert came == {"client_id": None, "status": "unknown", "instance_id": None, "deal_id": None}
    assert not Message.objects.exists()
