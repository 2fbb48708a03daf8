"""The API itself: its routers, its OpenAPI document, and one way to say every error."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, re_path
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

import kniga
from kniga.api import (
    acts,
    calls,
    clients,
    deals,
    deviations,
    funnel,
    imports,
    lists,
    machine,
    processes,
    products,
    tasks,
    users,
)
from kniga.api.door import Bearer
from kniga.api.openapi import completed_schema
from kniga.api.parameters import refuse_unknown_parameters
from kniga.api.parsing import StrictParser
from kniga.api.problems import method_not_allowed, not_found, problem_of, problem_response, too_large

DESCRIPTION = """The data of Kniga for machines. Amounts are decimal strings, moments ISO 8601 in UTC, lists come
in pages: follow `next_cursor`. A query parameter that an operation does not have is refused by name. Every error
is `application/problem+json` (RFC 9457) with a stable `code`.
POST takes `Idempotency-Key`; PATCH and PUT of what has a revision want `If-Match` with its ETag."""

LARGEST_ID: Final = 2**63 - 1
View = Callable[..., HttpResponse]


class KnigaApi(NinjaAPI):
    """django-ninja with our errors and a completed OpenAPI document."""

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """The document, with errors, scopes and headers that hold for every operation filled in."""
        return completed_schema(self, super().get_openapi_schema(**kwargs))

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        """Any error as a problem; this is the only place where errors become answers."""
        return problem_response(request, problem_of(exc))


def build_api() -> KnigaApi:
    """The API with all its resources."""
    made = KnigaApi(
        title="Kniga",
        version=kniga.__version__,
        description=DESCRIPTION,
        docs_url=None,
        urls_namespace="api",
        parser=StrictParser(),
    )
    for module in (
        clients,
        products,
        deals,
        tasks,
        processes,
        machine,
        acts,
        calls,
        deviations,
        funnel,
        imports,
        lists,
        users,
    ):
        made.add_router("", module.router)
    return made


def guarded(view: View) -> View:
    """Say errors from outside the operations (no such method, body too large, defects) in the same way."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        limit = _body_limit(request)
        if limit is not None:
            return problem_response(request, too_large(limit))
        if any(_is_no_place(value) for value in kwargs.values()):
            return problem_response(request, not_found())
        try:
            response = view(request, *args, **kwargs)
        except (Http404, HttpError, ValidationError) as error:
            return problem_response(request, problem_of(error))
        if response.status_code == 405:
            return problem_response(request, method_not_allowed(_in_order(response.headers.get("Allow", ""))))
        return response

    # Sessions are checked against CSRF at the door, so that the answer is a problem, not a page.
    answered.csrf_exempt = True  # type: ignore[attr-defined]
    return answered


def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Any address below the API that is none of its own."""
    return problem_response(request, not_found())


def url_patterns(api: KnigaApi) -> list[URLPattern | URLResolver]:
    """The API's addresses, each answering its own errors, and the rest, which answers 404."""
    patterns: list[URLPattern | URLResolver] = []
    found = api.urls[0]
    refuse_unknown_parameters(api)
    for pattern in found:
        if isinstance(pattern, URLPattern):
            pattern.callback = guarded(pattern.callback)
            patterns.append(pattern)
    nothing_here.csrf_exempt = True  # type: ignore[attr-defined]
    return [*patterns, re_path(r"^(?P<rest>.*)$", nothing_here, name="api-nothing")]


def _is_no_place(value: object) -> bool:
    return value > LARGEST_ID if isinstance(value, int) else "\x00" in str(value)


def _in_order(methods: str) -> str:
    return ", ".join(sorted(methods.split(", ")))


def _body_limit(request: HttpRequest) -> int | None:
    """The limit that the announced body is over, None when it is not."""
    is_upload = (request.content_type or "").startswith("multipart/")
    limit = settings.MAX_UPLOAD_BYTES if is_upload else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    announced = request.META.get("CONTENT_LENGTH") or "0"
    return limit if announced.isdigit() and int(announced) > limit else None


__all__ = ["Bearer", "KnigaApi", "build_api", "url_patterns"]
