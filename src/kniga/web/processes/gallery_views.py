"""Beginning a process: empty, from the gallery, from a file, as a copy; and going on with one that there is."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kniga.people.permissions import Act
from kniga.people.queries import get_branch, managed_branches
from kniga.platform import clock
from kniga.platform.errors import NotVisible, Refused
from kniga.processes.drafts.book_templates import book_templates, template_xml
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

TEMPLATE: Final = "processes/new.html"
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
        problems = problem_rows(refused.problems)
        return refuse(request, TEMPLATE, _context(request, origin) | {"problems": problems})
    except Refused as refused:
        return refuse(request, TEMPLATE, _context(request, origin) | {"errors": field_errors(refused)})
    return go_to(request, reverse("processes:draft", args=[draft_id]), whole=True)


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
    branch = None if branch_id is None else get_branch(user=user, id=branch_id)
    if origin == "empty":
        return draft_from_scratch(name=name, kind=form.get("kind", ""), branch=branch, by=user, now=now).pk
    if origin == "template":
        key = form.get("template", "")
        xml, name = template_xml(key=key, language=_language()), form.get(f"name_{key}", "").strip()
        return draft_from_template(xml=xml, name=name, by=user, now=now).pk
    if origin == "copy":
        key, _slash, number = form.get("version", "").partition("/")
        row = get_version_row(user=user, process_key=key, number=id_or_none(number) or 0)
        return copy_of_version(version_id=row.id, name=name, branch=branch, by=user, now=now).pk
    if origin != "file":
        raise NotVisible
    sent = request.FILES.get("file")
    if sent is None:
        raise Refused("no_file", _("Choose a BPMN file."), field="file")
    return draft_from_file(xml=sent.read(MOST_BYTES), name=name, branch=branch, by=user, now=now).pk


def _context(request: SignedInRequest, origin: str) -> dict[str, Any]:
    rows = process_rows(user=request.user)
    return {
        "origin": origin if origin in _ORIGINS else "empty",
        "form": request.POST or request.GET,
        "errors": {},
        "problems": (),
        "kinds": kind_names(),
        "kind_options": [(kind, kind_names()[kind]) for kind in _KINDS],
        "templates": book_templates(language=_language()),
        "versions": [(f"{row.key}/{row.newest}", row.name) for row in rows if row.newest],
        "branches": [(branch.id, branch.name) for branch in managed_branches(user=request.user)],
    }


def _language() -> str:
    return "ru" if get_language() == "ru" else "en"
