"""Every error is one RFC 9457 problem: `application/problem+json` with a stable `code` and the places to mend."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.errors import AuthenticationError, HttpError, ValidationError
from psycopg.errors import UniqueViolation

from kniga.platform.errors import Conflict, NotVisible, Refused

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
_FORBIDDEN: Final = frozenset({"not_allowed", "not_yours", "undo_not_yours"})


class Problem(Exception):
    """An error the API itself finds; `errors` are places: pointer or parameter, with `detail` and `code`."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers, self.more = errors, headers or {}, more or {}


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as it is sent; `instance` is the path asked for."""
    body: dict[str, Any] = {
        "type": f"urn:kniga:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.path,
        "code": problem.code,
    }
    if problem.errors:
        body["errors"] = list(problem.errors)
    body.update(problem.more)
    response = HttpResponse(msgspec.json.encode(body), status=problem.status, content_type=MEDIA_TYPE)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def problem_of(exception: Exception) -> Problem:
    """What the API answers for an exception; an unknown one is a defect: logged, and answered without details."""
    if isinstance(exception, Problem):
        return exception
    if isinstance(exception, Refused):
        return _of_refusal(exception)
    if isinstance(exception, ValidationError):
        return _of_validation(exception)
    if isinstance(exception, NotVisible | Http404):
        return not_found()
    if isinstance(exception, SuspiciousOperation):
        return _of_suspicion(exception)
    if isinstance(exception, HttpError) and isinstance(exception.__cause__, Problem):
        # The framework covers what our parser found.
        return exception.__cause__
    if isinstance(exception, HttpError):
        return _of_http_error(exception)
    if isinstance(exception, IntegrityError) and isinstance(exception.__cause__, UniqueViolation):
        return Problem(409, "saved_meanwhile", _("The same was saved at this very moment. Look, then send it again."))
    logger.error("the API broke", exc_info=exception)
    return Problem(500, "server_error", _("Something broke on our side. Nothing was half saved."))


def not_found() -> Problem:
    """404: the object is missing, or belongs to somebody else; both look the same."""
    return Problem(404, "not_found", _("There is nothing here, or it belongs to somebody else."))


def unauthorized() -> Problem:
    """401 with the way to sign in."""
    detail = _("Send a valid key: “Authorization: Bearer kn_…”. Keys are made with “kniga token create”.")
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="kniga"'})


def too_large(limit: int) -> Problem:
    """413 with the limit in bytes."""
    detail = _("The body is larger than %(limit)d bytes. Nothing was saved.") % {"limit": limit}
    return Problem(413, "body_too_large", detail, more={"limit": limit})


def method_not_allowed(allow: str) -> Problem:
    """405 with the methods there are."""
    detail = _("This address answers %(methods)s only.") % {"methods": allow}
    return Problem(405, "method_not_allowed", detail, headers={"Allow": allow})


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) as a URI fragment, the way RFC 9457 shows it."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _of_refusal(refused: Refused) -> Problem:
    more = {name: getattr(refused, name) for name in ("who", "at", "outcome") if hasattr(refused, name)}
    if refused.code in _FORBIDDEN:
        return Problem(403, refused.code, refused.message)
    if refused.code == "changed_meanwhile":
        return Problem(412, refused.code, refused.message)
    if isinstance(refused, Conflict):
        return Problem(409, refused.code, refused.message, errors=[_place(refused)] if refused.field else [], more=more)
    problems = getattr(refused, "problems", ())
    if problems:
        return Problem(422, refused.code, refused.message, errors=[_of_book(found) for found in problems])
    errors = [_place(one) for one in (refused, *refused.also) if one.field]
    return Problem(422, refused.code, refused.message, errors=errors)


def _place(refused: Refused) -> dict[str, Any]:
    field = str(refused.field)
    place = {"parameter": "cursor"} if field == "cursor" else {"pointer": pointer(*field.split("/"))}
    return {**place, "detail": refused.message, "code": refused.code}


def _of_book(found: Any) -> dict[str, Any]:
    """A problem of a process file; `found` is an `engine.Problem`."""
    names = ("code", "severity", "element", "place", "cure", "line")
    known = {name: getattr(found, name) for name in names if getattr(found, name, None) is not None}
    return {"detail": found.message, **known}


def _of_validation(exception: ValidationError) -> Problem:
    errors = [_invalid(error) for error in exception.errors]
    return Problem(422, "invalid", _("The request has values that cannot be read. See the errors."), errors=errors)


def _invalid(error: Mapping[str, Any]) -> dict[str, Any]:
    place, *rest = error["loc"]
    kind = str(error["type"])
    found = {"detail": _said(kind, error), "code": kind}
    if place in {"body", "form", "file"}:
        # The first part names the parameter of the Python function, which callers never see.
        return {"pointer": pointer(*(rest[1:] if place == "body" else rest)), **found}
    return {"parameter": str(rest[-1]) if rest else str(place), **found}


def _said(kind: str, error: Mapping[str, Any]) -> str:
    """What is wrong with a value, in the language asked for; a kind nobody has named yet stays in English."""
    known = {
        "missing": _("This field is required."),
        "extra_forbidden": _("There is no such field."),
        "string_type": _("Send a text."),
        "string_unicode": _("Send a text."),
        "string_too_long": _("At most %(max_length)s characters fit here."),
        "too_long": _("At most %(max_length)s entries fit here."),
        "list_type": _("Send a list."),
        "literal_error": _("Choose one of: %(expected)s."),
        "enum": _("Choose one of: %(expected)s."),
        "less_than_equal": _("Send at most %(le)s."),
        "greater_than_equal": _("Send at least %(ge)s."),
        "decimal_max_digits": _("At most %(max_digits)s digits fit here."),
        "decimal_max_places": _("At most %(decimal_places)s decimals fit here."),
    }
    by_family = {
        "int": _("Send a whole number."),
        "decimal": _("Send a number, such as 1500.50."),
        "date": _("Send a day, such as 2026-12-31."),
        "bool": _("Send true or false."),
        "dict": _("Send an object."),
        "model": _("Send an object."),
    }
    text = known.get(kind) or by_family.get(kind.split("_", maxsplit=1)[0])
    context = dict(error.get("ctx") or {})
    try:
        return str(error["msg"]) if text is None else text % context
    except KeyError:
        return str(error["msg"])


def _of_suspicion(exception: SuspiciousOperation) -> Problem:
    if isinstance(exception, RequestDataTooBig) or type(exception).__name__ == "UploadTooLarge":
        from django.conf import settings

        is_upload = not isinstance(exception, RequestDataTooBig)
        limit = settings.MAX_UPLOAD_BYTES if is_upload else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return too_large(int(limit or 0))
    return Problem(400, "bad_request", _("The request is not readable."))


def _of_http_error(exception: HttpError) -> Problem:
    if isinstance(exception, AuthenticationError):
        return unauthorized()
    if exception.status_code == 403:
        return Problem(403, "forbidden", _("The request is not allowed (for sessions: the CSRF token is missing)."))
    return Problem(exception.status_code, "bad_request", _("The request is not readable: the body must be JSON."))
