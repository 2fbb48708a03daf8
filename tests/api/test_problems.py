"""Every error is a problem document with a place and a cure; nothing is saved."""

from __future__ import annotations

from typing import Any

import pytest

from kniga.clients.models import Client
from kniga.platform.models import Event
from tests.api.conftest import Caller, CallerFor
from tests.processes.conftest import Department


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status and body["code"] == code and body["detail"] and body["title"]
    assert body["type"] == f"urn:kniga:problem:{code}" and body["instance"].startswith("/api/v1/")
    return body


def test_nobody_comes_in_without_a_key(department: Department) -> None:
    refused = Caller(None)("GET", "/clients")
    problem(refused, 401, "unauthorized")
    assert refused["WWW-Authenticate"].startswith("Bearer")
    problem(Caller("kn_wrong")("GET", "/clients"), 401, "unauthorized")


def test_a_key_opens_only_its_scopes(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep, "clients:read")
    assert call("GET", "/clients").status_code == 200
    assert problem(call("POST", "/clients", {"name": "A"}), 403, "scope_missing")["scope"] == "clients:write"
    problem(call("GET", "/deals"), 403, "scope_missing")


def test_unknown_addresses_and_methods_are_told(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    problem(call("GET", "/nothing"), 404, "not_found")
    problem(call("GET", "/clients/999999"), 404, "not_found")
    problem(call("GET", "/clients/99999999999999999999"), 404, "not_found")
    refused = call("DELETE", "/clients")
    problem(refused, 405, "method_not_allowed")
    assert refused["Allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"inn": "7707083893"}, {"pointer": "#/name"}),
        ({"name": "A", "colour": "red"}, {"pointer": "#/colour"}),
        ({"name": "A", "inn": "7707083890"}, {"pointer": "#/inn"}),
        ({"name": "A", "contacts": [{"name": "B", "phones": ["+79161234567", "12"]}]},
         {"pointer": "#/contacts/0/phones/1"}),
        ({"name": "A", "contacts": [{"phones": []}]}, {"pointer": "#/contacts/0/name"}),
        ({"name": "A", "revenue": "much"}, {"pointer": "#/revenue"}),
        ({"name": "A", "revenue": "100.505"}, {"pointer": "#/revenue"}),
        ({"name": "A", "source_id": 4711}, {"pointer": "#/source_id"}),
    ],
)  # fmt: skip
def test_wrong_values_are_told_with_their_place(
    department: Department, caller_for: CallerFor, body: Any, place: dict[str, str]
) -> None:
    events = Event.objects.count()
    call = caller_for(department.rep)
    events = Event.objects.count()
    refused = call("POST", "/clients", body)
    error = refused.json()["errors"][0]
    assert refused.status_code == 422 and place.items() <= error.items() and error["detail"]
    assert Event.objects.count() == events and Client.objects.count() == 1


def test_wrong_parameters_are_told_by_name(department: Department, caller_for: CallerFor) -> None:
    refused = problem(caller_for(department.rep)("GET", "/clients?limit=1000"), 422, "invalid")
    assert refused["errors"][0]["parameter"] == "limit"


@pytest.mark.parametrize("path", ["/clients", "/deals", "/tasks", "/users", "/products"])
def test_parameters_that_mean_nothing_are_refused_by_name(
    department: Department, caller_for: CallerFor, path: str
) -> None:
    refused = problem(caller_for(department.head)("GET", f"{path}?limit=10&onwer_id=5"), 422, "unknown_parameter")
    assert refused["errors"][0]["parameter"] == "onwer_id"
    assert "limit" in refused["errors"][0]["detail"]


def test_a_body_that_is_no_json_is_told(department: Department, caller_for: CallerFor) -> None:
    problem(caller_for(department.rep)("POST", "/clients", "{no"), 400, "bad_request")


def test_a_body_that_is_too_large_is_told_with_the_limit(
    department: Department, caller_for: CallerFor, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    refused = problem(caller_for(department.rep)("POST", "/clients", {"name": "A" * 200}), 413, "body_too_large")
    assert refused["limit"] == 100


def test_a_defect_is_answered_without_its_details(
    department: Department, caller_for: CallerFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(**_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("kniga.clients.queries.clients_page", break_down)
    refused = problem(caller_for(department.rep)("GET", "/clients"), 500, "server_error")
    assert "secret" not in str(refused)


def test_messages_come_in_the_language_asked_for(department: Department, caller_for: CallerFor) -> None:
    call = caller_for(department.rep)
    english = call("GET", "/nothing", Accept_Language="en").json()
    assert english["detail"] == "There is nothing here, or it belongs to somebody else."


def test_a_role_without_the_right_is_told_so(department: Department, caller_for: CallerFor) -> None:
    problem(caller_for(department.rep)("POST", "/products", {"name": "Rack"}), 403, "not_allowed")


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("GET", "/clients?limit=1000", None, "Пришлите не больше 200."),
        ("GET", "/deals?since=soon", None, "Пришлите день, например 2026-12-31."),
        ("GET", "/deals?status=best", None, "Выберите одно из:"),
        ("GET", "/clients?owner_id=x", None, "Пришлите целое число."),
        ("POST", "/clients", {"name": 7}, "Пришлите текст."),
        ("POST", "/clients", {"name": "x" * 1001}, "Здесь помещается не больше 1000 знаков."),
        ("POST", "/products", {"name": "Rack", "price": "dear"}, "Пришлите число, например 1500.50."),
        ("POST", "/products", {"name": "Rack", "price": "100.505"}, "После запятой помещается не больше 2 цифр."),
        ("POST", "/clients", {"name": "x", "contacts": [{"name": "y"}] * 101}, "не больше 100 записей."),
    ],
)
def test_a_wrong_value_is_explained_in_the_language_asked_for(
    department: Department, caller_for: CallerFor, method: str, path: str, body: Any, said: str
) -> None:
    answer = caller_for(department.head)(method, path, body, Accept_Language="ru")
    assert answer.status_code == 422
    assert said in answer.json()["errors"][0]["detail"]
