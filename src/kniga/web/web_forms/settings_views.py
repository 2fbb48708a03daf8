"""The forms of web sites: list, add, change, and the text to copy into a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kniga.people.permissions import Act
from kniga.people.queries import assignable_users, get_assignable_user
from kniga.platform import clock
from kniga.platform.errors import NotVisible, Refused
from kniga.processes.forms.form_queries import form_processes, form_rows, get_form, recent_entries, trouble_of
from kniga.processes.forms.web_forms import FormSettings, create_form, update_form
from kniga.web.access import SignedInRequest, act_required
from kniga.web.once import made_once
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.params import id_or_none
from kniga.web.processes.sections import book_tabs
from kniga.web.web_forms.take_views import TRAP

if TYPE_CHECKING:
    from kniga.people.models import User
    from kniga.processes.models.forms import WebForm

TEMPLATE = "forms/form.html"
FRAGMENTS = {"web-form": "form"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A form's settings as typed."""

    key: str = ""
    name: str = ""
    process: str = ""
    owner: str = ""
    thanks_url: str = ""
    is_active: str = "on"

    @classmethod
    def sent(cls, data: QueryDict) -> Typed:
        return cls(**{name: data.get(name, "").strip() for name in cls.__dataclass_fields__})

    @classmethod
    def of(cls, form: WebForm) -> Typed:
        is_active = "on" if form.is_active else ""
        return cls(form.key, form.name, form.process.key, str(form.owner_id), form.thanks_url, is_active)

    def settings(self, user: User) -> FormSettings:
        return FormSettings(self.name, self.process, self._owner(user), self.thanks_url, self.is_active == "on")

    def _owner(self, user: User) -> User | None:
        try:
            return get_assignable_user(user=user, id=id_or_none(self.owner) or 0)
        except NotVisible:
            return None


@require_safe
@act_required(Act.EDIT_BOOK)
def show(request: SignedInRequest) -> HttpResponse:
    """All forms."""
    return render_page(
        request,
        "forms/list.html",
        {"rows": form_rows(user=request.user), "troubles": troubles(), "tabs_shown": book_tabs(request.user)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.EDIT_BOOK)
@made_once
def create(request: SignedInRequest) -> HttpResponse:
    """A new form; its page then shows what to copy into the site."""
    if request.method != "POST":
        return render_page(request, TEMPLATE, _context(request, Typed()), fragments=FRAGMENTS)
    typed = Typed.sent(request.POST)
    try:
        form = create_form(key=typed.key, given=typed.settings(request.user), by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request, typed, refusal), fragments=FRAGMENTS)
    toast(request, _("The form is ready: copy it into your site"))
    return go_to(request, reverse("forms:form", args=[form.key]))


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.EDIT_BOOK)
def edit(request: SignedInRequest, form_key: str) -> HttpResponse:
    """Change a form, see what came by it, copy it."""
    form = get_form(user=request.user, key=form_key)
    shown = {
        "web_form": form,
        "entries": recent_entries(user=request.user, form=form),
        "address": request.build_absolute_uri(reverse("forms:take", args=[form.key])),
        "trap": TRAP,
        "trouble": troubles().get(trouble_of(user=request.user, form=form)),
    }
    if request.method != "POST":
        return render_page(request, TEMPLATE, _context(request, Typed.of(form)) | shown, fragments=FRAGMENTS)
    typed = Typed.sent(request.POST)
    revision = request.POST.get("revision", "")
    try:
        update_form(
            form=form, revision=int(revision) if revision.isdecimal() else 0, given=typed.settings(request.user),
            by=request.user, now=clock.now(),
        )  # fmt: skip
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request, typed, refusal) | shown, fragments=FRAGMENTS)
    toast(request, _("Saved"))
    return go_to(request, reverse("forms:form", args=[form.key]))


def troubles() -> dict[str, tuple[str, str]]:
    """What keeps a form from beginning deals: in a word, and with its cure."""
    return {
        "branch": (
            _("owner of another branch"),
            _("The process belongs to another branch than who gets the requests: they begin no deal. Choose somebody of"
              " the process's branch, or another process."),
        ),
        "closed": (
            _("owner's account closed"),
            _("Who gets the requests works here no more: the form takes nothing. Choose somebody else."),
        ),
        "process": (
            _("process not published"),
            _("No version of the process is in force: requests begin no deal. Publish one, or choose another process."),
        ),
    }  # fmt: skip


def _context(request: SignedInRequest, typed: Typed, refusal: Refused | None = None) -> dict[str, Any]:
    return {
        "web_form": None,
        "trouble": None,
        "typed": typed,
        "errors": field_errors(refusal) if refusal else {},
        "processes": form_processes(user=request.user),
        "people": [(person.id, person.name) for person in assignable_users(user=request.user)],
    }
