"""The templates of documents and letters: list, add, change. The head of sales keeps them as part of the sales book."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kniga.documents.placeholders import PLACEHOLDERS
from kniga.documents.queries import get_template, template_rows
from kniga.documents.services import create_template, update_template
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.desk.letter_preview import deals_to_try, letter_preview
from kniga.web.access import SignedInRequest, act_required
from kniga.web.documents.forms import TemplateForm
from kniga.web.documents.placeholder_words import gap_names, in_words, pieces
from kniga.web.once import made_once
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.params import id_or_none
from kniga.web.processes.sections import book_tabs

TEMPLATE = "documents/template.html"
FRAGMENTS = {"template-form": "form", "template-preview": "preview"}


@require_safe
@act_required(Act.EDIT_BOOK)
def show(request: SignedInRequest) -> HttpResponse:
    """All templates."""
    return render_page(
        request,
        "documents/templates.html",
        {
            "rows": [(row, pieces(row.name)) for row in template_rows(user=request.user)],
            "tabs_shown": book_tabs(request.user),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.EDIT_BOOK)
@made_once
def create(request: SignedInRequest) -> HttpResponse:
    """A new template."""
    if request.method != "POST":
        kind = "letter" if request.GET.get("kind") == "letter" else "document"
        return render_page(request, TEMPLATE, _context(TemplateForm(kind=kind)), fragments=FRAGMENTS)
    form = TemplateForm.sent(request.POST)
    try:
        template = create_template(
            key=form.key, kind=form.kind, text=form.text(), is_active=form.is_active == "on", by=request.user,
            now=clock.now(),
        )  # fmt: skip
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(form, refusal), fragments=FRAGMENTS)
    toast(request, _("The template %(name)s is in the list") % {"name": template.name})
    return go_to(request, reverse("documents:templates"))


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.EDIT_BOOK)
def edit(request: SignedInRequest, template_key: str) -> HttpResponse:
    """Change a template; its key stays, because processes name it. A letter is shown with the data of a deal, too, as
    it stands in the form."""
    template = get_template(user=request.user, key=template_key)
    shown = {"template": template, "title": in_words(template.name), "is_letter": template.kind == "letter"}
    if template.kind == "letter":
        shown["deals"] = deals_to_try(user=request.user)
    if request.method != "POST":
        return render_page(request, TEMPLATE, _context(TemplateForm.of(template)) | shown, fragments=FRAGMENTS)
    form = TemplateForm.sent(request.POST)
    if request.POST.get("act") == "try":
        tried = _context(form) | shown | {"preview": _tried(request, form)}
        return render_page(request, TEMPLATE, tried, fragments=FRAGMENTS)
    revision = request.POST.get("revision", "")
    try:
        update_template(
            template=template, revision=int(revision) if revision.isdecimal() else 0, text=form.text(),
            is_active=form.is_active == "on", by=request.user, now=clock.now(),
        )  # fmt: skip
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(form, refusal) | shown, fragments=FRAGMENTS)
    toast(request, _("Saved"))
    return go_to(request, reverse("documents:templates"))


def _tried(request: SignedInRequest, form: TemplateForm) -> dict[str, Any] | None:
    """The letter with the data of the deal that was chosen; None where none was."""
    deal_id = id_or_none(request.POST.get("deal", ""))
    if deal_id is None:
        return None
    letter = letter_preview(
        user=request.user, deal_id=deal_id, subject=form.subject, body=form.body, language=form.language,
        now=clock.now(),
    )  # fmt: skip
    return {"to": letter.to, "subject": pieces(letter.subject), "body": pieces(letter.body), "missing": letter.missing}


def _context(form: TemplateForm, refusal: Refused | None = None) -> dict[str, Any]:
    return {
        "template": None,
        "deals": (),
        "preview": None,
        "form": form,
        "errors": field_errors(refusal) if refusal else {},
        "placeholders": {name: gap_names()[name] for name in PLACEHOLDERS},
        "is_letter": form.kind == "letter",
        "languages": settings.LANGUAGES,
    }
