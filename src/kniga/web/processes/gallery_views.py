"""Beginning a process: empty, from the gallery, from a file, as a copy; and going on with one that there is."""

from __future__ import annotations

from base64 import b64decode
from typing import Any, Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kniga.people.permissions import Act
from kniga.people.queries import branch_options, get_book_branch
from kniga.platform import clock
from kniga.platform.errors import NotVisible, Refused
from kniga.processes.drafts.book_templates import book_template, book_templates, template_xml
from kniga.processes.drafts.drafting import (
    copy_of_version,
    draft_from_file,
    draft_from_scratch,
    draft_from_template,
    draft_of_version,
)
from kniga.processes.versions.publishing import BookRefused
from kniga.processes.versions.version_queries import get_version_row, process_rows
from kniga.processes.wording.words import kind_names
from kniga.web.access import SignedInRequest, act_required
from kniga.web.once import made_once
from kniga.web.pages import field_errors, go_to, refuse, render_page
from kniga.web.params import id_or_none, sent_id
from kniga.web.processes.change_views import MOST_BYTES
from kniga.web.processes.problems import problem_rows
from kniga.web.processes.read_views import outline_context

TEMPLATE: Final = "processes/new.html"
INSIDE: Final = "processes/template.html"
_KINDS: Final = ("sale", "repeat", "service", "handoff")
_ORIGINS: Final = ("empty", "template", "file", "copy")


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.EDIT_BOOK)
@made_once
def new(request: SignedInRequest) -> HttpResponse:
    """The gallery; a POST begins a draft and leads to the designer."""
    if request.method != "POST":
        return render_page(request, TEMPLATE, _context(request, request.GET.get("origin", "")))
    origin = request.POST.get("origin", "")
    try:
        draft_id = _begin(request, origin)
    except BookRefused as refused:
        problems = problem_rows(refused.problems, b"")
        return refuse(request, TEMPLATE, _context(request, origin) | {"problems": problems})
    except Refused as refused:
        page, context = _page(request, origin)
        return refuse(request, page, context | {"errors": field_errors(refused)})
    return go_to(request, reverse("processes:draft", args=[draft_id]), whole=True)


@require_safe
@act_required(Act.EDIT_BOOK)
def template(request: SignedInRequest, gallery_key: str) -> HttpResponse:
    """One process of the gallery, to read before one begins with it."""
    return render_page(request, INSIDE, _inside(request, gallery_key))


@require_POST
@act_required(Act.EDIT_BOOK)
def edit(request: SignedInRequest, key: str, number: int) -> HttpResponse:
    """Go on with the draft of a process, or begin one with this version."""
    row = get_version_row(user=request.user, process_key=key, number=number)
    draft = draft_of_version(version_id=row.id, by=request.user, now=clock.now())
    return go_to(request, reverse("processes:draft", args=[draft.pk]), whole=True)


def _begin(request: SignedInRequest, origin: str) -> int:
    form, user, now = request.POST, request.user, clock.now()
    name = form.get(f"{origin}_name", "").strip()
    branch_id = sent_id(form, f"{origin}_branch")
    branch = None if branch_id is None else get_book_branch(user=user, id=branch_id)
    if origin == "empty":
        return draft_from_scratch(name=name, kind=form.get("kind", ""), branch=branch, by=user, now=now).pk
    if origin == "template":
        key = form.get("template", "")
        xml = template_xml(key=key, language=_language())
        return draft_from_template(xml=xml, name=name, branch=branch, by=user, now=now).pk
    if origin == "copy":
        key, _slash, number = form.get("version", "").partition("/")
        row = get_version_row(user=user, process_key=key, number=id_or_none(number) or 0)
        return copy_of_version(version_id=row.id, name=name, branch=branch, by=user, now=now).pk
    if origin != "file":
        raise NotVisible
    return draft_from_file(xml=_file_of(request), name=name, branch=branch, by=user, now=now).pk


def _file_of(request: SignedInRequest) -> bytes:
    """The file that was chosen, or the one that the page of uploads was given before (`again`)."""
    sent = request.FILES.get("file")
    if sent is not None:
        return bytes(sent.read(MOST_BYTES))
    try:
        again = b64decode(request.POST.get("again", ""), validate=True)
    except ValueError:
        again = b""
    if not again:
        raise Refused("no_file", _("Choose a BPMN file."), field="file")
    return again[:MOST_BYTES]


def _page(request: SignedInRequest, origin: str) -> tuple[str, dict[str, Any]]:
    """The page a way of beginning was sent from, with its context."""
    if origin == "template":
        return INSIDE, _inside(request, request.POST.get("template", ""))
    return TEMPLATE, _context(request, origin)


def _inside(request: SignedInRequest, key: str) -> dict[str, Any]:
    shown = book_template(key=key, language=_language())
    return _beginning(request, "template") | outline_context(shown.definition) | {"shown": shown}


def _context(request: SignedInRequest, origin: str) -> dict[str, Any]:
    rows = process_rows(user=request.user)
    return _beginning(request, origin) | {
        "templates": book_templates(language=_language()),
        "versions": [(f"{row.key}/{row.newest}", row.name) for row in rows if row.newest],
    }


def _beginning(request: SignedInRequest, origin: str) -> dict[str, Any]:
    """What the forms of processes/begin.html need."""
    return {
        "origin": origin if origin in _ORIGINS else "empty",
        "form": request.POST or request.GET,
        "errors": {},
        "problems": (),
        "kinds": kind_names(),
        "kind_options": [(kind, kind_names()[kind]) for kind in _KINDS],
        "branches": [(branch.id, branch.name) for branch in branch_options()],
    }


def _language() -> str:
    return "ru" if get_language() == "ru" else "en"
