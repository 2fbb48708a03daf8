"""What the resources answer, in the shapes the OpenAPI document promises."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pydantic import TypeAdapter

from kniga.api.urls import api
from kniga.people.services import update_user
from kniga.platform.models import Event
from kniga.processes.models import Task
from kniga.processes.services import start_process
from tests.api.conftest import NOW, CallerFor
from tests.processes.books import publish
from tests.processes.conftest import SMALL_SALE, Department
from tests.processes.test_calls import CALLED, caller
from tests.processes.test_messages import receiving


def conforms(body: Any, method: str, path: str) -> bool:
    """Whether a body has the shape the operation declares; raises with the difference."""
    for bound in api._get_bound_routers():
        for template, view in bound.path_operations.items():
            for operation in view.operations:
                if template == path and method in operation.methods:
                    model = next(model for status, model in operation.response_models.items() if model is not None)
                    TypeAdapter(model).validate_python({"response": body}, extra="forbid")
                    return True
    raise AssertionError(f"no operation {method} {path}")


def test_a_client_is_created_read_changed_and_listed(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    given = {
        "name": "Stellage Ltd", "inn": "7707083893",
        "contacts": [{"name": "Ivan", "phones": ["8 (916) 123-45-67"], "emails": ["Ivan@Example.com"]}],
    }  # fmt: skip
    made = call("POST", "/clients", given)
    assert made.status_code == 201
    body = made.json()
    assert conforms(body, "POST", "/clients") and body["owner_id"] == department.rep.pk
    path = made["Location"].removeprefix("/api/v1")
    read = call("GET", path)
    assert read.json() == body and read["ETag"] == '"1"'
    changed = call("PATCH", path, {"note": "VIP"}, If_Match=read["ETag"])
    assert changed.status_code == 200 and changed["ETag"] == '"2"' and changed.json()["note"] == "VIP"
    contacts = call("GET", f"{path}/contacts").json()
    assert contacts[0]["phones"] == ["+79161234567"] and conforms(contacts, "GET", "/clients/{int:client_id}/contacts")
    listed = call("GET", "/clients?text=stellage").json()
    assert [row["name"] for row in listed["items"]] == ["Stellage Ltd"] and conforms(listed, "GET", "/clients")


def test_a_change_of_an_older_state_is_refused(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    path = f"/clients/{department.deal.client_id}"
    assert call("PATCH", path, {"note": "a"}, If_Match='"1"').status_code == 200
    late = call("PATCH", path, {"note": "b"}, If_Match='"1"')
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert call("PATCH", path, {"note": "c"}).status_code == 428


def test_contacts_are_added_replaced_and_removed(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    made = call("POST", f"/clients/{department.deal.client_id}/contacts", {"name": "Anna", "phones": ["+79161234567"]})
    assert made.status_code == 201
    path = made["Location"].removeprefix("/api/v1")
    replaced = call("PUT", path, {"name": "Anna Petrova", "emails": ["anna@example.com"]}).json()
    assert replaced["phones"] == [] and replaced["emails"] == ["anna@example.com"]
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404


def test_a_deal_opens_with_its_first_task(department: Department, caller_for: CallerFor) -> None:
    head, rep = caller_for(department.head), caller_for(department.rep)
    product = head("POST", "/products", {"name": "Rack", "price": "100.50"}).json()
    assert conforms(product, "POST", "/products")
    given = {
        "process": "small_sale", "client_id": department.deal.client_id,
        "lines": [{"product_id": product["id"], "quantity": "2"}],
    }  # fmt: skip
    made = rep("POST", "/deals", given)
    body = made.json()
    assert made.status_code == 201 and conforms(body, "POST", "/deals")
    assert body["deal"]["amount"] == "201.00" and body["deal"]["stage"] == "contact"
    path = f"/deals/{body['deal']['id']}"
    lines = rep("PUT", f"{path}/lines", {"lines": []}, If_Match=made["ETag"])
    assert lines.status_code == 200 and lines.json()["lines"] == []
    changed = rep("PATCH", path, {"amount": "5"}, If_Match=lines["ETag"]).json()
    assert changed["amount"] == "5.00" and conforms(changed, "PATCH", "/deals/{int:deal_id}")
    listed = rep("GET", "/deals?status=open&sort=amount").json()
    assert len(listed["items"]) == 2 and conforms(listed, "GET", "/deals")
    task = rep("GET", f"/tasks/{body['tasks'][0]}").json()
    assert task["element"] == "call" and conforms(task, "GET", "/tasks/{int:task_id}")


def test_completing_a_task_brings_the_next_one_and_can_be_taken_back(
    department: Department, caller_for: CallerFor
) -> None:
    call = caller_for(department.rep)
    opened = call("POST", "/deals", {"process": "small_sale", "name": "Racks"}).json()
    path = f"/tasks/{opened['tasks'][0]}"
    missing = call("POST", f"{path}/complete", {"outcome": "interested"})
    assert missing.status_code == 422 and missing.json()["errors"][0]["pointer"] == "#/answers/need"
    moved = call("POST", f"{path}/complete", {"outcome": "interested", "answers": {"need": "racks"}})
    assert moved.status_code == 200 and conforms(moved.json(), "POST", "/tasks/{int:task_id}/complete")
    again = call("POST", f"{path}/complete", {"outcome": "later"})
    assert (again.status_code, again.json()["code"], again.json()["who"]) == (409, "task_done", "Roman")
    assert re.search(r"\(\d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d\)", again.json()["detail"]), again.json()["detail"]
    listed = call("GET", "/tasks").json()
    assert [row["id"] for row in listed["items"]] == moved.json()["tasks"] and conforms(listed, "GET", "/tasks")
    assert call("POST", f"{path}/undo").json()["status"] == "open"


def test_completing_a_task_of_a_called_process_tells_of_the_deals_own(
    department: Department, caller_for: CallerFor
) -> None:
    publish(CALLED)
    publish(caller())
    head = caller_for(department.head)
    ask = start_process(deal_id=department.deal.pk, process_key="calling", by=department.head, now=NOW).created[0]
    called = head("POST", f"/tasks/{ask}/complete", {"outcome": "ok"}).json()
    assert (called["status"], len(called["tasks"]), called["called"]) == ("running", 1, None)
    moved = head("POST", f"/tasks/{called['tasks'][0]}/complete", {"outcome": "yes"}).json()
    assert (moved["status"], moved["result"], len(moved["tasks"])) == ("running", None, 1)
    assert moved["called"] == {"status": "ended", "result": "won"}
    assert conforms(moved, "POST", "/tasks/{int:task_id}/complete")


def test_a_message_about_nobody_is_refused_and_one_of_an_unknown_name_noted(
    department: Department, caller_for: CallerFor
) -> None:
    publish(receiving())
    call = caller_for(department.rep)
    refused = call("POST", "/messages", {"name": "paid", "payload": {"sum": 1}})
    assert (refused.status_code, refused.json()["code"]) == (422, "about_nobody")
    notes = {}
    for name in ("paid", "payed"):
        kept = call("POST", "/messages", {"name": name, "deal_id": department.deal.pk}).json()
        assert kept["status"] == "waiting" and conforms(kept, "POST", "/messages")
        notes[name] = kept["note"]
    assert notes["paid"] == "" and "no process knows" in notes["payed"]


def test_a_process_is_uploaded_read_and_published(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.head)
    from django.core.files.uploadedfile import SimpleUploadedFile

    newer = SMALL_SALE.replace(b'name="Small sale"', b'name="Smaller sale"')
    made = call.send("/processes", {"file": SimpleUploadedFile("a.bpmn", newer), "note": "shorter"})
    assert made.status_code == 201 and made.json()["number"] == 2, made.content
    assert conforms(made.json(), "POST", "/processes")
    path = made["Location"].removeprefix("/api/v1")
    assert call("GET", f"{path}/bpmn").content == newer
    assert call("POST", f"{path}/publish").json()["status"] == "published"
    assert call("GET", "/processes").json()[0]["published"] == 2
    assert [row["status"] for row in call("GET", "/processes/small_sale").json()] == ["published", "retired"]
    broken = call.send("/processes", {"file": SimpleUploadedFile("a.bpmn", b"<x/>")})
    assert broken.status_code == 422 and "cure" in broken.json()["errors"][0]


def test_the_funnel_the_lists_and_the_caller_are_read(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    call("POST", "/deals", {"process": "small_sale", "name": "Racks"})
    funnel = call("GET", "/funnel?process=small_sale&by=rep").json()
    assert funnel["stages"][0]["entered"] == 1 and conforms(funnel, "GET", "/funnel")
    assert conforms(call("GET", "/lists").json(), "GET", "/lists")
    me = call("GET", "/token").json()
    assert me["user"]["email"] == "rep@example.com" and conforms(me, "GET", "/token")
    update_user(user=department.rep, skills=["English"], by=None, now=NOW)
    [listed] = call("GET", "/users").json()["items"]
    assert (listed["id"], listed["skills"]) == (department.rep.pk, ["English"])
    assert call("GET", f"/users/{department.rep.pk}").json()["skills"] == ["English"]
    assert call("GET", f"/users/{department.head.pk}").status_code == 404


def test_lists_continue_where_the_cursor_says(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    for name in ("Alpha", "Beta", "Gamma"):
        call("POST", "/clients", {"name": name})
    seen: list[str] = []
    path = "/clients?limit=2"
    while path:
        page = call("GET", path)
        seen += [row["name"] for row in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        path = f"/clients?limit=2&cursor={cursor}" if cursor else ""
        assert ("Link" in page) == bool(cursor)
    assert seen == ["Alpha", "Beta", "Gamma", "Warehouse"]


def test_a_cursor_that_was_meddled_with_is_refused(department: Department, caller_for: CallerFor) -> None:
    refused = caller_for(department.rep)("GET", "/clients?cursor=WyJhIiwxXQ.forged")
    assert (refused.status_code, refused.json()["code"]) == (422, "cursor_invalid")


def test_a_list_takes_the_same_statements_for_one_row_and_for_many(
    department: Department, caller_for: CallerFor, sql_log: Any
) -> None:
    call = caller_for(department.rep)
    call("GET", "/clients")
    with sql_log() as one:
        call("GET", "/clients")
    for number in range(20):
        call("POST", "/clients", {"name": f"Client {number}"})
    with sql_log() as many:
        call("GET", "/clients")
    assert one.shapes == many.shapes and len(many) <= 8


def test_the_same_key_and_body_have_one_effect(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    first = call("POST", "/clients", {"name": "Once"}, Idempotency_Key="a1")
    events = Event.objects.count()
    again = call("POST", "/clients", {"name": "Once"}, Idempotency_Key="a1")
    assert (again.status_code, again.content, again["ETag"]) == (201, first.content, first["ETag"])
    assert again["Idempotency-Replayed"] == "true" and Event.objects.count() == events


def test_the_same_key_with_another_body_is_refused(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    call("POST", "/clients", {"name": "Once"}, Idempotency_Key="a1")
    other = call("POST", "/clients", {"name": "Twice"}, Idempotency_Key="a1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refused_request_does_not_use_up_its_key(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    assert call("POST", "/clients", {"name": " "}, Idempotency_Key="a1").status_code == 422
    assert call("POST", "/clients", {"name": "Now"}, Idempotency_Key="a1").status_code == 201


def test_keys_of_different_people_do_not_meet(department: Department, caller_for: CallerFor) -> None:
    mine = caller_for(department.rep)("POST", "/clients", {"name": "One"}, Idempotency_Key="a1").json()
    theirs = caller_for(department.other)("POST", "/clients", {"name": "One"}, Idempotency_Key="a1").json()
    assert mine["id"] != theirs["id"]


@pytest.mark.django_db(transaction=True)
def test_a_request_with_a_key_that_is_at_work_is_told_to_wait() -> None:
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event as Signal

    from django.db import connection

    from kniga.people.models import User
    from kniga.platform.clock import now
    from kniga.platform.errors import Conflict
    from kniga.platform.idempotency import Reply, once

    user = User.objects.create_user("rep@example.com", name="Roman")
    begun, may_end = Signal(), Signal()

    def slow() -> Reply:
        begun.set()
        may_end.wait(10)
        return Reply(200, b"{}")

    def first() -> Reply:
        try:
            return once(user_id=user.pk, key="k", request_hash="h", now=now(), work=slow)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert begun.wait(10)
        with pytest.raises(Conflict) as refused:
            once(user_id=user.pk, key="k", request_hash="h", now=now(), work=slow)
        assert refused.value.code == "idempotency_in_progress"
        may_end.set()
        assert running.result(10).body == b"{}"
    assert once(user_id=user.pk, key="k", request_hash="h", now=now(), work=slow).is_repeated


def test_sessions_of_pages_are_let_in_with_their_csrf_token_only(department: Department) -> None:
    from django.test import Client as Browser

    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(department.rep)
    token = "a" * 32
    browser.cookies["csrftoken"] = token
    body = {"data": json.dumps({"name": "By page"}), "content_type": "application/json"}
    refused = browser.post("/api/v1/clients", **body)  # type: ignore[arg-type]
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    made = browser.post("/api/v1/clients", headers={"X-CSRFToken": token}, **body)  # type: ignore[arg-type]
    assert made.status_code == 201


def test_a_key_notes_its_last_use(department: Department, caller_for: CallerFor) -> None:
    from kniga.people.models import ApiToken

    call = caller_for(department.rep)
    call("GET", "/token")
    used = ApiToken.objects.get().last_used_at
    call("GET", "/token")
    assert used is not None and ApiToken.objects.get().last_used_at == used


def test_a_revoked_key_opens_nothing(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    assert call("DELETE", "/token").status_code == 204
    assert call("GET", "/token").status_code == 401


def test_open_tasks_belong_to_whom_the_caller_sees(department: Department, caller_for: CallerFor) -> None:
    caller_for(department.rep)("POST", "/deals", {"process": "small_sale", "name": "Racks"})
    assert Task.objects.count() == 1
    assert caller_for(department.other)("GET", "/tasks").json()["items"] == []
    assert len(caller_for(department.head)("GET", "/tasks").json()["items"]) == 1


def test_a_file_is_brought_checked_applied_and_taken_back(department: Department, caller_for: CallerFor) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from kniga.clients.models import Client
    from kniga.imports.jobs import carry_out
    from kniga.platform.clock import now

    call = caller_for(department.head)
    table = SimpleUploadedFile("clients.csv", "Название;ИНН\nСклад-1;7707083893\nСклад-2;\n".encode("cp1251"))
    made = call.send("/imports", {"kind": "clients", "file": table})
    assert made.status_code == 201 and conforms(made.json(), "POST", "/imports")
    job, path = made.json()["job"], made["Location"].removeprefix("/api/v1")
    assert made.json()["found"]["encoding"] == "cp1251"
    settled = call("PUT", f"{path}/options", {"mapping": {"Название": "name", "ИНН": "inn"}, "key": "name"})
    assert settled.status_code == 200, settled.content
    checked = call("POST", f"{path}/check").json()
    assert checked["report"]["counts"]["create"] == 2 and Client.objects.count() == 1
    rows = call("GET", f"{path}/rows?action=create&limit=1").json()
    assert len(rows["items"]) == 1 and rows["next_cursor"] and conforms(rows, "GET", "/imports/{int:job_id}/rows")
    assert call("POST", f"{path}/apply").status_code == 202
    carry_out(job_id=job["id"], by=department.head, now=now())
    assert call("GET", path).json()["job"]["status"] == "applied" and Client.objects.count() == 3
    undone = call("POST", f"{path}/undo").json()
    assert undone["undone"]["removed"] == 2 and Client.objects.count() == 1
    assert [line["id"] for line in call("GET", "/imports").json()["items"]] == [job["id"]]


def test_the_decisions_of_an_import_are_those_of_the_domain() -> None:
    from kniga.api.imports import OptionsBody
    from kniga.imports.options import Options

    assert set(OptionsBody.model_fields) == set(Options.__struct_fields__)


def test_a_key_that_was_sent_before_is_a_conflict_and_one_that_is_too_long_is_refused(
    department: Department, caller_for: CallerFor
) -> None:
    call = caller_for(department.rep)
    deal = {"process": "small_sale", "name": "Racks"}
    contacts = f"/clients/{department.deal.client_id}/contacts"
    for path, body in (("/clients", {"name": "North"}), ("/deals", deal), (contacts, {"name": "Anna"})):
        assert call("POST", path, {**body, "external_key": " a-1 "}).status_code == 201
        again = call("POST", path, {**body, "external_key": "a-1"})
        assert (again.status_code, again.json()["code"]) == (409, "key_taken")
        assert again.json()["errors"][0]["pointer"] == "#/external_key"
        assert call("POST", path, {**body, "external_key": "k" * 201}).json()["code"] == "key_invalid"
    contact = call("GET", contacts).json()[-1]["id"]
    assert call("PUT", f"/contacts/{contact}", {"name": "Anna Shaw", "external_key": "a-1"}).status_code == 200


def test_a_foreign_client_is_no_parent_and_is_told_like_a_missing_one(
    department: Department, caller_for: CallerFor
) -> None:
    foreign = caller_for(department.other)("POST", "/clients", {"name": "Foreign"}).json()["id"]
    call = caller_for(department.rep)
    own = f"/clients/{department.deal.client_id}"
    tag = call("GET", own).headers["ETag"]
    told = [call("PATCH", own, {"parent_id": id_}, If_Match=tag).json() for id_ in (foreign, 10**9)]
    assert [one["code"] for one in told] == ["entry_unknown", "entry_unknown"]
    assert told[0]["detail"] == told[1]["detail"]
    assert call("POST", "/clients", {"name": "Mine", "parent_id": foreign}).status_code == 422
    mine = call("POST", "/clients", {"name": "Mine"}).json()["id"]
    assert call("PATCH", own, {"parent_id": mine}, If_Match=tag).status_code == 200


def test_a_cursor_of_another_list_is_refused(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.head)
    for name in ("A", "B"):
        call("POST", "/clients", {"name": name})
    cursor = call("GET", "/clients?limit=1").json()["next_cursor"]
    answer = call("GET", f"/imports?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")
