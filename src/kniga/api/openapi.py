"""What django-ninja leaves out of the OpenAPI document: errors, scopes, headers that many operations share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kniga.api.door import Bearer
from kniga.api.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from ninja import NinjaAPI

_PLACE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "pointer": {"type": "string", "description": "The place in the body: a JSON pointer as URI fragment."},
        "parameter": {"type": "string", "description": "The query parameter."},
        "detail": {"type": "string"},
        "code": {"type": "string"},
    },
    "required": ["detail"],
}
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `code` is stable; `detail` is for people, in the language asked for.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "errors": {"type": "array", "items": _PLACE},
    },
    "required": ["type", "title", "status", "detail", "instance", "code"],
}
_ERROR: Final[dict[str, Any]] = {
    "description": "A problem: 401 without a valid key, 403 without scope or right, 404 missing or foreign, 409 "
    "somebody was faster, 412 changed meanwhile, 422 refused, with the places to mend.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_IDEMPOTENCY: Final[dict[str, Any]] = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "The same key with the same body takes effect once; the first answer is given again for 24 hours.",
}
_IF_MATCH: Final[dict[str, Any]] = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "schema": {"type": "string"},
    "description": "The ETag of the object as it was read; another state is answered with 412.",
}


def completed_schema(api: NinjaAPI, schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` with what holds for every operation."""
    schema["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for bound in api._get_bound_routers():
        for path_view in bound.path_operations.values():
            for operation in path_view.operations:
                _complete(schema, api, operation)
    return schema


def _complete(schema: dict[str, Any], api: NinjaAPI, operation: Any) -> None:
    name = operation.operation_id or api.get_openapi_operation_id(operation)
    for methods in schema["paths"].values():
        for described in methods.values():
            if described["operationId"] == name:
                _describe(described, operation)


def _describe(described: dict[str, Any], operation: Any) -> None:
    described["responses"]["default"] = _ERROR
    door = next(callback for callback in operation.auth_callbacks if isinstance(callback, Bearer))
    # OpenAPI 3.1 lets any scheme list the roles it asks for.
    described["security"] = [{"Bearer": [door.scope] if door.scope else []}]
    given = {parameter["name"] for parameter in described["parameters"]}
    if hasattr(operation.view_func, "is_idempotent") and "Idempotency-Key" not in given:
        described["parameters"].append(_IDEMPOTENCY)
    if hasattr(operation.view_func, "wants_revision") and "If-Match" not in given:
        described["parameters"].append(_IF_MATCH)
