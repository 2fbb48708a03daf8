"""Mailboxes: list, add, change, try whether one opens, read one now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kniga.mailboxes.queries import get_mailbox, mailbox_processes, mailbox_rows, recent_letters, unfit_of
from kniga.mailboxes.services import create_mailbox, read_now, try_mailbox, update_mailbox
from kniga.mailboxes.troubles import trouble_of
from kniga.people.permissions import Act
from kniga.people.queries import assignable_users
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.mailboxes.forms import Typed
from kniga.web.once import made_once
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.people.sections import people_tabs

if TYPE_CHECKING:
    from kniga.mailboxes.models import Mailbox
    from kniga.mailboxes.services import MailboxSettings

TEMPLATE = "mailboxes/mailbox.html"
FRAGMENTS = {"mailbox-form": "form"}


@require_safe
@act_required(Act.MANAGE_ORGANISATION)
def show(request: SignedInRequest) -> HttpResponse:
    """All mailboxes."""
    context = {"rows": mailbox_rows(user=request.user), "tabs_shown": people_tabs(request.user)}
    return render_page(request, "mailboxes/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.MANAGE_ORGANISATION)
@made_once
def create(request: SignedInRequest) -> HttpResponse:
    """A new mailbox, or (`try`) a look whether it opens."""
    if request.method != "POST":
        return render_page(request, TEMPLATE, _context(request, Typed()), fragments=FRAGMENTS)
    typed = Typed.sent(request.POST)
    given = typed.settings(request.user, request.POST.get("password", ""))
    try:
        if "try" in request.POST:
            return _tried(request, typed, given, None)
        mailbox = create_mailbox(given=given, by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request, typed, refusal), fragments=FRAGMENTS)
    toast(request, _("The mailbox is read from now on"))
    return go_to(request, reverse("mailboxes:mailbox", args=[mailbox.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.MANAGE_ORGANISATION)
def edit(request: SignedInRequest, mailbox_id: int) -> HttpResponse:
    """Change a mailbox, try whether it opens, see what came by it."""
    mailbox = get_mailbox(user=request.user, id=mailbox_id)
    if request.method != "POST":
        context = _context(request, Typed.of(mailbox), mailbox=mailbox)
        return render_page(request, TEMPLATE, context, fragments=FRAGMENTS)
    typed = Typed.sent(request.POST)
    given = typed.settings(request.user, request.POST.get("password", ""))
    revision = request.POST.get("revision", "")
    try:
        if "try" in request.POST:
            return _tried(request, typed, given, mailbox)
        update_mailbox(
            mailbox=mailbox, revision=int(revision) if revision.isdecimal() else 0, given=given, by=request.user,
            now=clock.now(),
        )  # fmt: skip
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request, typed, refusal, mailbox=mailbox), fragments=FRAGMENTS)
    toast(request, _("Saved"))
    return go_to(request, reverse("mailboxes:mailbox", args=[mailbox.pk]))


@require_POST
@act_required(Act.MANAGE_ORGANISATION)
def read(request: SignedInRequest, mailbox_id: int) -> HttpResponse:
    """Let a worker read the mailbox at once."""
    mailbox = get_mailbox(user=request.user, id=mailbox_id)
    try:
        read_now(mailbox=mailbox, by=request.user)
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request, Typed.of(mailbox), refusal, mailbox=mailbox))
    toast(request, _("The mailbox is being read; new letters are here in a moment"))
    return go_to(request, reverse("mailboxes:mailbox", args=[mailbox.pk]))


def _tried(request: SignedInRequest, typed: Typed, given: MailboxSettings, mailbox: Mailbox | None) -> HttpResponse:
    tried = try_mailbox(given=given, mailbox=mailbox, by=request.user)
    context = _context(request, typed, mailbox=mailbox) | {"tried": tried}
    return refuse(request, TEMPLATE, context, fragments=FRAGMENTS)


def _context(
    request: SignedInRequest, typed: Typed, refusal: Refused | None = None, *, mailbox: Mailbox | None = None
) -> dict[str, Any]:
    return {
        "mailbox": mailbox,
        "trouble": trouble_of(mailbox.trouble) if mailbox is not None and mailbox.trouble else None,
        "unfit": None if mailbox is None else unfit_of(user=request.user, mailbox=mailbox),
        "letters": () if mailbox is None else recent_letters(user=request.user, mailbox=mailbox),
        "typed": typed,
        "tried": None,
        "errors": field_errors(refusal) if refusal else {},
        "processes": mailbox_processes(user=request.user),
        "people": [(person.id, person.name) for person in assignable_users(user=request.user)],
        "securities": [("tls", "TLS"), ("starttls", "STARTTLS"), ("none", _("no encryption"))],
    }
