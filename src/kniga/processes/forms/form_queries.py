"""Forms of web sites as their pages need them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, Value, When

from kniga.people.models import User
from kniga.platform.errors import NotVisible
from kniga.processes.models import Process, ProcessVersion, VersionStatus
from kniga.processes.models.forms import WebForm, WebFormEntry

_MOST_ENTRIES: Final = 20
_IN_FORCE: Final = ProcessVersion.objects.filter(process=OuterRef("process"), status=VersionStatus.PUBLISHED)
_TROUBLE: Final = Case(
    When(owner__is_active=False, then=Value("closed")),
    When(~Exists(_IN_FORCE) | Q(process__is_active=False), then=Value("process")),
    When(
        Q(process__branch__isnull=False) & (Q(owner__branch__isnull=True) | ~Q(owner__branch=F("process__branch"))),
        then=Value("branch"),
    ),
    default=Value(""),
)


@dataclass(frozen=True, slots=True)
class FormRow:
    """A form in the list. `trouble` is why nothing it takes becomes a deal: its owner is of another branch than its
    process (branch), works here no more (closed), or the process is not in force (process); "" for none."""

    key: str
    name: str
    process: str
    owner: str
    is_active: bool
    entries: int
    last_at: datetime | None
    trouble: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What came by a form: the number of its deal, nothing about the person."""

    received_at: datetime
    deal_id: int | None
    deal_number: int | None
    is_new_client: bool


def form_rows(*, user: User) -> tuple[FormRow, ...]:
    """All forms, those in use first. They are part of the sales book: nobody's own."""
    found = WebForm.objects.annotate(count=Count("entries"), last=Max("entries__received_at"), trouble=_TROUBLE)
    rows = found.order_by("-is_active", "name", "id").values_list(
        "key", "name", "process__name", "owner__name", "is_active", "count", "last", "trouble"
    )
    return tuple(FormRow(*row) for row in rows)


def trouble_of(*, user: User, form: WebForm) -> str:
    """Why nothing that a form takes becomes a deal, as in `FormRow`; of a form that came through `get_form`."""
    return str(WebForm.objects.filter(pk=form.pk).values_list(_TROUBLE, flat=True)[0])


def get_form(*, user: User, key: str) -> WebForm:
    """The form of this key with its process and owner. Raises NotVisible."""
    found = WebForm.objects.select_related("process", "owner").filter(key=key).first()
    if found is None:
        raise NotVisible
    return found


def recent_entries(*, user: User, form: WebForm) -> tuple[EntryRow, ...]:
    """The newest twenty entries of a form that came through `get_form`."""
    found = WebFormEntry.objects.filter(form=form).order_by("-received_at", "-id")
    rows = found.values_list("received_at", "deal_id", "deal__number", "is_new_client")[:_MOST_ENTRIES]
    return tuple(EntryRow(*row) for row in rows)


def thanks_of(*, key: str) -> str:
    """Where a form sends people afterwards; "" for our own page."""
    return WebForm.objects.filter(key=key, is_active=True).values_list("thanks_url", flat=True).first() or ""


def form_processes(*, user: User) -> tuple[tuple[str, str], ...]:
    """Keys and names of the processes a form may begin: the published ones."""
    found = Process.objects.filter(is_active=True, versions__status=VersionStatus.PUBLISHED)
    return tuple(found.order_by("name", "id").values_list("key", "name"))
