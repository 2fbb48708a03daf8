from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kniga.processes.background.pump import run_due
from kniga.processes.models.control import Deviation
from tests.api.conftest import Caller, key_for
from tests.processes.conftest import Department
from tests.processes.test_control_points import DUE, controlled, start


def test_deviations_are_listed_taken_up_and_closed(department: Department) -> None:
    start(department, controlled())
    run_due(now=DUE)
    row = Deviation.objects.get()
    head = Caller(key_for(department.head))
    answer = head("GET", "/deviations?process=offers&state=open").json()
    found = answer["items"]
    assert [(one["id"], one["name"], one["at_risk"]) for one in found] == [(row.pk, "Offer not sent", "1000.00")]
    assert head("GET", f"/deviations?owner_id={department.other.pk}").json()["items"] == []
    assert head("POST", f"/deviations/{row.pk}/acknowledge", {"word": "mine"}).status_code == 204
    refused = head("POST", f"/deviations/{row.pk}/close", {})
    assert (refused.status_code, refused.json()["code"]) == (422, "reason_missing")
    assert head("POST", f"/deviations/{row.pk}/close", {"word": "ill"}).status_code == 204
    assert head("GET", "/deviations").json()["items"] == []
    closed = head("GET", "/deviations?state=closed").json()["items"][0]
    assert (closed["how"], closed["end_word"], closed["word"]) == ("by_hand", "ill", "mine")
    assert head("POST", f"/deviations/{row.pk}/close", {"word": "ill"}).status_code == 409


def test_a_deadline_is_moved_with_a_reason(department: Department) -> None:
    task_id = start(department, controlled())
    lead, rep = Caller(key_for(department.lead)), Caller(key_for(department.rep))
    to = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
    body = {"to": to.isoformat(), "reason": "The client is away"}
    moved = lead("POST", f"/tasks/{task_id}/deadline", body)
    assert (moved.status_code, datetime.fromisoformat(moved.json()["due_at"])) == (200, to)
    assert rep("POST", f"/tasks/{task_id}/deadline", body).status_code == 403
    for wrong, code, field in (
        ({"reason": ""}, "reason_missing", "reason"),
        ({"to": "2020-01-01T00:00:00Z"}, "not_in_future", "to"),
        ({}, "deadline_same", "to"),
    ):
        refused = lead("POST", f"/tasks/{task_id}/deadline", body | wrong)
        assert (refused.status_code, refused.json()["code"], refused.json()["errors"][0]["pointer"]) == (
            422,
            code,
            f"#/{field}",
        )
    assert lead("POST", f"/tasks/{task_id}/deadline", body | {"to": "2030-01-01T00:00:00"}).status_code == 422
