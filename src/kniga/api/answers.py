"""How the API answers: JSON by msgspec, ETags from revisions, signed cursors, replies kept for repeats."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar

import msgspec
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from kniga.api.door import ApiRequest
from kniga.api.problems import Problem
from kniga.platform import clock
from kniga.platform.idempotency import Reply, once
from kniga.platform.keyset import Page

Row = TypeVar("Row")
P = ParamSpec("P")
Endpoint = Callable[Concatenate[ApiRequest, P], HttpResponse]

_ENCODER: Final = msgspec.json.Encoder(decimal_format="string")
_SIGNER: Final = Signer(salt="kniga.api.cursor", sep=".")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """A page of a list; `next_cursor` continues it, null at the end."""

    items: tuple[Row, ...]
    next_cursor: str | None


def answer(data: Any, *, status: int = 200, revision: int | None = None, location: str = "") -> HttpResponse:
    """`data` (dataclasses, dicts, lists) as JSON; decimals are strings, moments ISO 8601 in UTC."""
    response = HttpResponse(_ENCODER.encode(data), status=status, content_type="application/json")
    if revision is not None:
        response["ETag"] = f'"{revision}"'
    if location:
        response["Location"] = location
    return response


def page_answer(request: HttpRequest, page: Page[Any]) -> HttpResponse:
    """A page of a list with its next cursor, in the body and as a Link header (RFC 8288)."""
    cursor = None if page.next_cursor is None else _SIGNER.sign(page.next_cursor)
    response = answer(Listed(page.rows, cursor))
    if cursor is not None:
        query = request.GET.copy()
        query["cursor"] = cursor
        response["Link"] = f'<{request.path}?{query.urlencode()}>; rel="next"'
    return response


def opened(cursor: str | None) -> str | None:
    """The place in a list that a cursor of ours stands for. Raises Problem `cursor_invalid`."""
    if not cursor:
        return None
    try:
        return _SIGNER.unsign(cursor)
    except BadSignature:
        raise _not_ours() from None


def opened_number(cursor: str | None) -> int | None:
    """The number a cursor of a list in the order of its numbers stands for. Raises Problem `cursor_invalid`."""
    place = opened(cursor)
    if place is None:
        return None
    if not place.isascii() or not place.isdigit() or len(place) > 18:
        raise _not_ours()
    return int(place)


def _not_ours() -> Problem:
    detail = _("This cursor is not one of ours. Begin the list again without a cursor.")
    errors = [{"parameter": "cursor", "detail": detail, "code": "cursor_invalid"}]
    return Problem(422, "cursor_invalid", detail, errors=errors)


def revision_of(request: HttpRequest) -> int:
    """The revision in `If-Match`. Raises Problem 428 without the header, 412 when it is no ETag of ours."""
    given = request.headers.get("If-Match", "").strip()
    if not given:
        detail = _("Send “If-Match” with the ETag of the object as you read it, so that nobody's change is lost.")
        raise Problem(428, "if_match_missing", detail)
    tag = given.removeprefix("W/").strip('"')
    if not tag.isascii() or not tag.isdigit() or len(tag) > 9:
        raise Problem(412, "changed_meanwhile", _("The object is not in this state. Read it again."))
    return int(tag)


def wants_revision(endpoint: Endpoint[P]) -> Endpoint[P]:
    """Mark an operation that calls `revision_of`, so that the OpenAPI document says so."""
    endpoint.wants_revision = True  # type: ignore[attr-defined]
    return endpoint


def idempotent(endpoint: Endpoint[P]) -> Endpoint[P]:
    """Let a POST with `Idempotency-Key` take effect once: a repeat gets the first answer again."""

    @wraps(endpoint)
    def guarded(request: ApiRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return endpoint(request, *args, **kwargs)
        reply = once(
            user_id=request.auth.user.pk,
            key=key,
            request_hash=_hash_of(request),
            now=clock.now(),
            work=lambda: _reply_of(endpoint(request, *args, **kwargs)),
        )
        return _response_of(reply)

    # Names in the endpoint's annotations are known in its own module only, so they are resolved here.
    guarded.__signature__ = inspect.signature(endpoint, eval_str=True)  # type: ignore[attr-defined]
    guarded.is_idempotent = True  # type: ignore[attr-defined]
    return guarded


def _reply_of(response: HttpResponse) -> Reply:
    headers = {name: response[name] for name in ("ETag", "Location") if name in response}
    return Reply(response.status_code, response.content, headers)


def _response_of(reply: Reply) -> HttpResponse:
    response = HttpResponse(reply.body, status=reply.status, content_type="application/json")
    for name, value in reply.headers.items():
        response[name] = value
    if reply.is_repeated:
        response["Idempotency-Replayed"] = "true"
    return response


def _hash_of(request: HttpRequest) -> str:
    hashed = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        for name in sorted(request.POST):
            hashed.update(f"{name}={request.POST.getlist(name)}\n".encode())
        for name in sorted(request.FILES):
            hashed.update(name.encode())
            for file in request.FILES.getlist(name):
                for chunk in file.chunks():
                    hashed.update(chunk)
                file.seek(0)
    else:
        hashed.update(request.body)
    return hashed.hexdigest()
