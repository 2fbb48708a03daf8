"""Nothing of a draft is lost: its earlier states, what it would change, discarded ones brought back."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import NotVisible, Refused
from kniga.processes.diagrams.drawing import drawing_of
from kniga.processes.drafts.draft_checking import definition_of_draft
from kniga.processes.drafts.draft_queries import draft_at, draft_saves, get_draft
from kniga.processes.drafts.drafting import bring_back_draft, restore_revision, start_from_version
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.version_queries import get_version_row
from kniga.processes.wording.changes import Changes, changes_between
from kniga.web.access import SignedInRequest, act_required
from kniga.web.pages import go_to, refuse, render_page, toast
from kniga.web.params import id_or_none
from kniga.web.processes.closed_drafts import led_on
from kniga.web.processes.read_views import list_context


@require_safe
@act_required(Act.EDIT_BOOK)
@led_on
def states(request: SignedInRequest, draft_id: int) -> HttpResponse:
    """Every state of the draft that is kept, and the last one beside them."""
    return render_page(request, "processes/draft_states.html", _state_context(request, draft_id, None))


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.EDIT_BOOK)
@led_on
def one_state(request: SignedInRequest, draft_id: int, number: int) -> HttpResponse:
    """Look at one state of the draft; or bring it back."""
    if request.method != "POST":
        return render_page(request, "processes/draft_states.html", _state_context(request, draft_id, number))
    draft_at(user=request.user, draft_id=draft_id, revision=number)
    draft = restore_revision(draft_id=draft_id, revision=number, by=request.user, now=clock.now())
    toast(request, _("The draft is as it was in state %(number)d.") % {"number": number})
    return go_to(request, reverse("processes:draft", args=[draft.pk]), whole=True)


@require_POST
@act_required(Act.EDIT_BOOK)
@led_on
def start_from(request: SignedInRequest, draft_id: int) -> HttpResponse:
    """Make the draft as a newer version of its process is."""
    number = id_or_none(request.POST.get("number", "")) or 0
    start_from_version(draft_id=draft_id, number=number, by=request.user, now=clock.now())
    text = _("The draft is as version %(number)d is. What stood here stays among the earlier states.")
    toast(request, text % {"number": number})
    return go_to(request, reverse("processes:draft", args=[draft_id]), whole=True)


@require_safe
@act_required(Act.EDIT_BOOK)
@led_on
def changes(request: SignedInRequest, draft_id: int) -> HttpResponse:
    """What would change for the reps if the draft were published now."""
    draft = get_draft(user=request.user, draft_id=draft_id)
    key, number = draft.row.key, draft.row.published
    found: Changes | None = None
    after = definition_of_draft(draft.xml)
    if number is not None and after is not None:
        version = get_version_row(user=request.user, process_key=key, number=number)
        found = changes_between(runnable_version(version.id).definition, after)
    context = {"draft": draft.row, "changes": found, "is_complete": after is not None}
    return render_page(request, "processes/draft_changes.html", context)


@require_POST
@act_required(Act.EDIT_BOOK)
def bring_back(request: SignedInRequest, discarded_id: int) -> HttpResponse:
    """Open a discarded draft again."""
    try:
        draft = bring_back_draft(draft_id=discarded_id, by=request.user, now=clock.now())
    except Refused as refused:
        return refuse(request, "processes/list.html", list_context(request) | {"refused": refused.message})
    except NotVisible:  # a list that was left open still offers it
        draft_id = get_draft(user=request.user, draft_id=discarded_id).row.id
        return go_to(request, reverse("processes:draft", args=[draft_id]), whole=True)
    toast(request, _("The draft “%(name)s” is back.") % {"name": draft.name})
    return go_to(request, reverse("processes:draft", args=[draft.pk]), whole=True)


def _state_context(request: SignedInRequest, draft_id: int, revision: int | None) -> dict[str, Any]:
    """The states, the one looked at, and what differs in it from the draft as it is. Raises NotVisible."""
    draft = get_draft(user=request.user, draft_id=draft_id)
    saves = draft_saves(user=request.user, draft_id=draft_id)
    shown = next((one for one in saves if revision in (None, one.revision)), None)
    if shown is None:
        raise NotVisible
    is_last = shown.revision == saves[0].revision
    xml = draft.xml if is_last else draft_at(user=request.user, draft_id=draft_id, revision=shown.revision)
    then, now = definition_of_draft(xml), None if is_last else definition_of_draft(draft.xml)
    return {
        "draft": draft.row,
        "saves": saves,
        "shown": shown,
        "is_last": is_last,
        "is_complete": then is not None,
        "drawing": drawing_of(xml, then),
        "changes": changes_between(now, then) if now is not None and then is not None else None,
    }
