from __future__ import annotations

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
