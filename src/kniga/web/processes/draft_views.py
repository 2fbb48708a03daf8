"""What the designer asks for while a process is drawn: the draft's state, its problems, previews, the catalogue."""

from __future__ import annotations

import json
from typing import Any, Final

from django.http import HttpResponse, JsonResponse, RawPostDataException
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kniga.clients.queries import client_names, contacts_of, get_visible_client
from kniga.clients.search import search_clients
from kniga.engine import BpmnRefused
from kniga.engine.bpmn.merging import Side
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.processes.drafts.draft_checking import check_draft
from kniga.processes.drafts.draft_queries import DraftState, draft_catalog, editors_of, get_draft
from kniga.processes.drafts.drafting import DraftConflict, note_presence, save_draft
from kniga.processes.versions.publishing import BookRefused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.processes.closed_drafts import told_in_json
from kniga.web.processes.draft_words import catalog_as_json, check_as_json, merged_as_json, problems_as_json
from kniga.web.processes.plain_problems import plainly
from kniga.web.processes.previewing import preview_of

_UNREADABLE: Final = 422


class _BadRequest(ValueError):
    """The body is not what this address takes; the message says what is."""


@require_http_methods(["GET", "HEAD", "PUT"])
@act_required(Act.EDIT_BOOK)
@told_in_json
def state(request: SignedInRequest, draft_id: int) -> HttpResponse:
    """The draft as it is; or what was saved of it."""
    if request.method == "PUT":
        return _save(request, draft_id)
    draft = get_draft(user=request.user, draft_id=draft_id)
    return JsonResponse(_state(request, draft))


def _save(request: SignedInRequest, draft_id: int) -> JsonResponse:
    try:
        body = _body(request)
        saved = save_draft(
            draft_id=draft_id,
            base_revision=_whole(body, "base_revision"),
            xml=_text(body, "xml").encode("utf-8", "replace"),
            by=request.user,
            now=clock.now(),
            choices=_choices(body),
            before=None if body.get("before") is None else _text(body, "before").encode("utf-8", "replace"),
        )
    except _BadRequest as bad:
        return JsonResponse({"message": str(bad)}, status=400)
    except DraftConflict as conflict:
        own = conflict.by_id == request.user.pk
        return JsonResponse(_conflict(conflict) | {"own": own}, status=409)
    except BookRefused as refused:
        return _unreadable(refused)
    merged = {"merged": True, "xml": saved.xml.decode()} if saved.is_merged else {}
    return JsonResponse({"revision": saved.revision, **merged, **_others(request, draft_id), **_checked(saved.xml)})


@require_POST
@act_required(Act.EDIT_BOOK)
@told_in_json
def check(request: SignedInRequest, draft_id: int) -> HttpResponse:
    """What a check says of a file that is not kept."""
    get_draft(user=request.user, draft_id=draft_id)
    try:
        return JsonResponse(_checked(_text(_body(request), "xml").encode("utf-8", "replace")))
    except _BadRequest as bad:
        return JsonResponse({"message": str(bad)}, status=400)
    except BpmnRefused as refused:
        return _unreadable(BookRefused(refused.problems))


@require_POST
@act_required(Act.EDIT_BOOK)
@told_in_json
def here(request: SignedInRequest, draft_id: int) -> HttpResponse:
    """Say that the person still has the draft open; learn who else has, and whether it was changed."""
    note_presence(draft_id=draft_id, by=request.user, now=clock.now())
    draft = get_draft(user=request.user, draft_id=draft_id)
    return JsonResponse({"revision": draft.row.revision, **_others(request, draft_id)})


@require_POST
@act_required(Act.EDIT_BOOK)
@told_in_json
def preview(request: SignedInRequest, draft_id: int) -> HttpResponse:
    """A script as the rep will see it, with the data of one client."""
    get_draft(user=request.user, draft_id=draft_id)
    try:
        body = _body(request)
        script = _text(body, "script")[:100_000]
        client_id = None if body.get("client_id") in (None, "") else _whole(body, "client_id")
    except _BadRequest as bad:
        return JsonResponse({"message": str(bad)}, status=400)
    client = None if client_id is None else get_visible_client(user=request.user, id=client_id)
    contacts = () if client is None else contacts_of(user=request.user, client=client)
    html, missing = preview_of(script, user=request.user, client=client, contacts=contacts)
    return JsonResponse({"html": html, "missing": list(missing)})


@require_safe
@act_required(Act.EDIT_BOOK)
def clients(request: SignedInRequest) -> HttpResponse:
    """A few clients for the preview: those that are found by what was typed, or the first."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    hits = search_clients(user=request.user, text=text, limit=8)
    found = tuple((hit.id, hit.name) for hit in hits) or client_names(user=request.user, text=text, limit=8)
    return JsonResponse([{"id": id, "name": name} for id, name in found], safe=False)


@require_safe
@act_required(Act.EDIT_BOOK)
def catalog(request: SignedInRequest) -> HttpResponse:
    """What steps, conditions and actions may name."""
    return JsonResponse(catalog_as_json(draft_catalog(user=request.user)))


def _state(request: SignedInRequest, draft: DraftState) -> dict[str, Any]:
    row = draft.row
    return {
        "id": row.id,
        "key": row.key,
        "name": row.name,
        "branch": row.branch,
        "revision": row.revision,
        "xml": draft.xml.decode(),
        "updated_by": row.updated_by,
        "own": row.updated_by_id == request.user.pk,
        "updated_at": row.updated_at.isoformat(),
        "published": row.published,
        **_others(request, row.id),
    }


def _others(request: SignedInRequest, draft_id: int) -> dict[str, Any]:
    found = editors_of(user=request.user, draft_id=draft_id, now=clock.now())
    return {"others": [{"name": one.name, "seen_at": one.seen_at.isoformat()} for one in found]}


def _checked(xml: bytes) -> dict[str, Any]:
    return check_as_json(check_draft(xml))


def _conflict(conflict: DraftConflict) -> dict[str, Any]:
    return {
        "message": conflict.message,
        "revision": conflict.revision,
        "by": conflict.by,
        "at": conflict.at.isoformat(),
        "xml": conflict.xml.decode(),
        **merged_as_json(conflict.merged),
    }


def _unreadable(refused: BookRefused) -> JsonResponse:
    message, cure = plainly(refused.problems[0])
    problems = problems_as_json(refused.problems, {})
    line = refused.problems[0].line
    return JsonResponse({"message": message, "cure": cure, "line": line, "problems": problems}, status=_UNREADABLE)


def _body(request: SignedInRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError, RawPostDataException):
        raise _BadRequest(_("The request is not JSON.")) from None
    if not isinstance(body, dict):
        raise _BadRequest(_("The request is not a JSON object."))
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise _BadRequest(_("“%(name)s” has to be a text.") % {"name": name})
    return value


def _choices(body: dict[str, Any]) -> dict[tuple[str, str], Side]:
    """Whose change holds, by element and field: `[{"element": …, "field": …, "side": "mine" or "theirs"}]`."""
    found: dict[tuple[str, str], Side] = {}
    for one in _list(body, "choices"):
        side = one.get("side") if isinstance(one, dict) else None
        if side not in ("mine", "theirs"):
            raise _BadRequest(_("“%(name)s” has to be a list of choices.") % {"name": "choices"})
        found[_text(one, "element"), _text(one, "field")] = side
    return found


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name, [])
    if not isinstance(value, list):
        raise _BadRequest(_("“%(name)s” has to be a list of choices.") % {"name": name})
    return value


def _whole(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise _BadRequest(_("“%(name)s” has to be a whole number.") % {"name": name})
    return value
