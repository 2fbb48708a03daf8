"""The designer's page. What happens on it goes through `draft_views`."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from kniga.people.permissions import Act
from kniga.processes.drafts.draft_queries import get_draft
from kniga.web.access import SignedInRequest, act_required
from kniga.web.pages import render_page
from kniga.web.processes.closed_drafts import led_on
from kniga.web.processes.designer_words import canvas_words


@require_safe
@act_required(Act.EDIT_BOOK)
@led_on
def designer(request: SignedInRequest, draft_id: int) -> HttpResponse:
    """A draft, drawn and written in the browser."""
    draft = get_draft(user=request.user, draft_id=draft_id)
    return render_page(request, "processes/designer.html", {"draft": draft.row, "canvas_words": canvas_words()})
