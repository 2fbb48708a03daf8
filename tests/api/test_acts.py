"""Acts on many deals by a program: prepared, looked at, carried out, taken back."""

from __future__ import annotations

import re
from typing import Any

from kniga.platform import clock
from kniga.processes.acts.acting import carry_out
from kniga.processes.models import BulkAct, Instance
from kniga.processes.services import start_process
from kniga.processes.versions.publishing import publish_version, upload_version
from tests.api.conftest import NOW, CallerFor
from tests.api.test_resources import conforms
from tests.processes.conftest import SMALL_SALE, Department


def started(department: Department) -> int:
    deal = department.deal.pk
    return start_process(deal_id=deal, process_key="small_sale", by=department.rep, now=NOW).instance_id


def test_many_deals_are_paused_after_a_dry_run_and_resumed_by_undoing(
    department: Department, caller_for: CallerFor
) -> None:
    instance_id, call = started(department), caller_for(department.lead)
    body: dict[str, Any] = {"kind": "suspend", "process": "small_sale", "reason": "Stocktaking"}
    prepared = call("POST", "/acts", body)
    assert prepared.status_code == 202 and conforms(prepared.json(), "POST", "/acts")
    act = prepared.json()
    assert (act["status"], act["counts"]["fits"], act["reason"]) == ("planned", 1, "Stocktaking")
    rows = call("GET", f"/acts/{act['id']}/rows?status=fits")
    assert conforms(rows.json(), "GET", "/acts/{int:act_id}/rows")
    assert [row["instance_id"] for row in rows.json()["items"]] == [instance_id]
    assert Instance.objects.get(pk=instance_id).status == "running", "nothing is done yet"
    assert call("POST", f"/acts/{act['id']}/carry-out").json()["status"] == "running"
    carry_out(act_id=act["id"], clock=clock.now)
    assert Instance.objects.get(pk=instance_id).status == "suspended"
    assert call("POST", f"/acts/{act['id']}/carry-out").status_code == 409
    assert call("POST", f"/acts/{act['id']}/undo", {"reason": "Too early"}).json()["status"] == "undoing"
    carry_out(act_id=act["id"], clock=clock.now)
    assert Instance.objects.get(pk=instance_id).status == "running"
    shown = call("GET", f"/acts/{act['id']}").json()
    assert shown["status"] == "undone" and conforms(shown, "GET", "/acts/{int:act_id}")
    assert [one["id"] for one in call("GET", "/acts?process=small_sale").json()] == [act["id"]]


def test_deals_are_moved_to_another_version_by_a_mapping(department: Department, caller_for: CallerFor) -> None:
    started(department)
    xml = re.sub(rb'(id|Ref)="call"', rb'\1="ring"', SMALL_SALE)
    version = upload_version(xml=xml, note="", by=department.head, now=NOW)
    publish_version(version_id=version.pk, by=department.head, now=NOW)
    call = caller_for(department.head)
    body = {"kind": "move", "process": "small_sale", "version": 1, "target": 2, "mapping": {"call": None}}
    act = call("POST", "/acts", body).json()
    changed = call("PUT", f"/acts/{act['id']}/mapping", {"mapping": {"call": "ring"}})
    assert changed.status_code == 200 and changed.json()["mapping"]["call"] == "ring"
    assert changed.json()["counts"]["fits"] == 1
    assert call("PUT", f"/acts/{act['id']}/mapping", {"mapping": {"call": "won"}}).status_code == 422
    big = {"field": "deal.amount", "op": "ge", "value": "0", "to": "ring"}
    split = call("PUT", f"/acts/{act['id']}/mapping", {"mapping": {"call": None}, "splits": {"call": big}}).json()
    assert split["splits"]["call"]["to"] == "ring" and split["mapping"]["call"] is None
    assert (
        call("PUT", f"/acts/{act['id']}/mapping", {"splits": {"call": big | {"op": "?"}}}).json()["code"] == "bad_split"
    )
    whole = call("PUT", f"/acts/{act['id']}/mapping", {"splits": {"call": None}}).json()
    assert whole["splits"] == {} and whole["counts"]["choice"] == 1
    assert call("DELETE", f"/acts/{act['id']}").status_code == 204 and not BulkAct.objects.exists()


def test_what_cannot_be_prepared_says_why(department: Department, caller_for: CallerFor) -> None:
    instance_id, call = started(department), caller_for(department.lead)
    cancel = {"kind": "cancel", "process": "small_sale"}
    assert call("POST", "/acts", cancel).json()["code"] == "reason_missing"
    assert call("POST", "/acts", cancel | {"process": "nothing", "reason": "x"}).status_code == 404
    assert call("POST", "/acts", cancel | {"kind": "burn"}).status_code == 422
    assert call("POST", "/acts", cancel | {"kind": "send", "reason": "x"}).json()["code"] == "unknown_element"
    assert call("POST", "/acts", cancel | {"kind": "start", "reason": "x"}).json()["code"] == "nothing_to_do"
    picked = call("POST", "/acts", cancel | {"reason": "x", "instance_ids": [instance_id]}).json()
    assert picked["counts"]["fits"] == 1
    assert call("PUT", f"/acts/{picked['id']}/mapping", {}).json()["code"] == "not_a_move"
    assert caller_for(department.rep)("GET", f"/acts/{picked['id']}").status_code == 403
    assert caller_for(department.rep)("GET", "/acts?process=small_sale").status_code == 403
