"""The OpenAPI document is there, whole and consistent."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client as Browser

from kniga.people.scopes import SCOPES

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> Any:
    from kniga.api.urls import api

    return json.loads(json.dumps(api.get_openapi_schema(), default=str))


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


@pytest.mark.django_db
def test_the_document_is_served_to_anybody() -> None:
    response = Browser().get("/api/v1/openapi.json")
    assert response.status_code == 200 and response.json()["openapi"] == "3.1.0"


def test_every_reference_leads_somewhere(document: Any) -> None:
    text = json.dumps(document)
    wanted = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', text))
    assert wanted <= set(document["components"]["schemas"])


def test_every_operation_is_described_whole(document: Any) -> None:
    seen: set[str] = set()
    for path, method, described in operations(document):
        assert method in METHODS and path.startswith("/api/v1/")
        assert described["summary"] and described["description"] and described["tags"]
        assert described["operationId"] not in seen
        seen.add(described["operationId"])
        assert described["responses"]["default"]["content"].keys() == {"application/problem+json"}
        assert any(status.startswith("2") for status in described["responses"])
        in_path = {parameter["name"] for parameter in described["parameters"] if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))


def test_every_operation_names_its_scope(document: Any) -> None:
    assert document["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"
    used = {scope for _path, _method, described in operations(document) for scope in described["security"][0]["Bearer"]}
    assert used == set(SCOPES)


def test_every_post_takes_an_idempotency_key_and_changes_of_revisions_want_if_match(document: Any) -> None:
    for _path, method, described in operations(document):
        headers = {parameter["name"] for parameter in described["parameters"] if parameter["in"] == "header"}
        assert (method == "post") == ("Idempotency-Key" in headers)
        assert method != "patch" or "If-Match" in headers


def test_the_reference_of_operations_is_what_the_document_says(document: Any) -> None:
    from tools.api_reference import PAGE, page

    written = PAGE.read_text()
    assert written == page(document), "run python tools/api_reference.py"
    assert all(
        f"### `{method.upper()} {path.removeprefix('/api/v1')}`" in written for path, method, _ in operations(document)
    )
