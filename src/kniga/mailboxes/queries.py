"""Mailboxes and letters that came as their pages need them; every query shows only what the user may see.

A letter of a deal is seen by whoever sees the deal, one of a client by whoever sees the client, one that found nobody
by whoever sees the deals of the person that sorts the mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, Value, When

from kniga.deals.models import Deal
from kniga.deals.numbers import deal_number, number_in
from kniga.mailboxes.models import LetterKind, Mailbox, ReceivedLetter
from kniga.mailboxes.troubles import UNFIT, Trouble, trouble_of
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.permissions import ROLES_FOR, Act, may
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.platform.sqlparts import rows_of
from kniga.processes.models import Process, ProcessVersion, VersionStatus

MOST_OF_DEAL: Final = 100
MOST_OF_TASK: Final = 5
MOST_OF_MAILBOX: Final = 20
MOST_SHOWN: Final = 100
_IN_FORCE: Final = ProcessVersion.objects.filter(process=OuterRef("process"), status=VersionStatus.PUBLISHED)
_UNFIT: Final = Case(
    When(process=None, then=Value("")),
    When(Q(owner__is_active=False) | ~Q(owner__role__in=ROLES_FOR[Act.WORK_DEALS]), then=Value("closed")),
    When(~Exists(_IN_FORCE) | Q(process__is_active=False), then=Value("process")),
    When(
        Q(process__branch__isnull=False) & (Q(owner__branch__isnull=True) | ~Q(owner__branch=F("process__branch"))),
        then=Value("branch"),
    ),
    default=Value(""),
)


@dataclass(frozen=True, slots=True)
class MailboxRow:
    """A mailbox in the list; `trouble` None: it could be read the last time; `unfit`: why letters of strangers begin
    no deal though it says so."""

    id: int
    name: str
    address: str
    process: str
    owner: str
    is_active: bool
    checked_at: datetime | None
    trouble: Trouble | None
    letters: int
    last_at: datetime | None
    unfit: Trouble | None


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """A file of a letter; `size` -1: not known."""

    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class ReceivedRow:
    """A letter in a list; `body` is all of what was written, `quoted` what it answers to. `client_id` may be None."""

    id: int
    subject: str
    sender: str
    sender_name: str
    came_at: datetime
    kind: str
    place: str
    why: str
    error: str
    is_broken: bool
    client_id: int | None
    client: str
    deal_id: int | None
    deal: str
    mailbox: str
    body: str
    quoted: str
    attachments: tuple[AttachmentRow, ...]


# Statements as they are, not the ORM's: the letters stand on every task's page, and to build the same statement by the
# ORM takes longer than to run it.
_TABLES: Final = """
FROM mailboxes_receivedletter l
JOIN mailboxes_mailbox m ON m.id = l.mailbox_id
LEFT JOIN deals_deal d ON d.id = l.deal_id
LEFT JOIN clients_client c ON c.id = l.client_id
"""
_VISIBLE: Final = """
CASE WHEN l.deal_id IS NOT NULL THEN %(deals)s::bigint[] IS NULL OR d.owner_id = ANY(%(deals)s::bigint[])
     WHEN l.client_id IS NOT NULL THEN %(clients)s::bigint[] IS NULL OR c.owner_id = ANY(%(clients)s::bigint[])
     ELSE %(deals)s::bigint[] IS NULL OR m.owner_id = ANY(%(deals)s::bigint[]) END
"""
_ROWS: Final = f"""
SELECT l.id, l.subject, l.sender, l.sender_name, l.came_at, l.kind, l.place, l.why, l.error, l.is_broken, l.client_id,
       coalesce(c.name, ''), l.deal_id, coalesce(d.name, ''), m.name, l.body, l.quoted, l.attachments::text
{_TABLES} WHERE {_VISIBLE} AND """
_OF_DEAL: Final = f"{_ROWS} l.deal_id = %(deal)s ORDER BY l.came_at DESC, l.id DESC LIMIT {MOST_OF_DEAL}"
_FOR_TASK: Final = f"""
{_ROWS} l.deal_id = %(deal)s AND l.kind = '{LetterKind.LETTER}' ORDER BY l.came_at DESC, l.id DESC LIMIT {MOST_OF_TASK}
"""
_IN_PLACE: Final = f"{_ROWS} l.place = %(place)s ORDER BY l.id DESC LIMIT {MOST_SHOWN}"
_OF_MAILBOX: Final = f"{_ROWS} l.mailbox_id = %(mailbox)s ORDER BY l.id DESC LIMIT {MOST_OF_MAILBOX}"
_IS_VISIBLE: Final = f"SELECT 1 {_TABLES} WHERE l.id = %(letter)s AND {_VISIBLE}"


def mailbox_rows(*, user: User) -> tuple[MailboxRow, ...]:
    """All mailboxes, those in use first, for who keeps the organisation; for others none."""
    if not may(user, Act.MANAGE_ORGANISATION):
        return ()
    found = Mailbox.objects.annotate(count=Count("letters"), last=Max("letters__came_at"), unfit=_UNFIT)
    rows = found.order_by("-is_active", "name", "id").values_list(
        "id",
        "name",
        "address",
        "process__name",
        "owner__name",
        "is_active",
        "checked_at",
        "trouble",
        "count",
        "last",
        "unfit",
    )
    return tuple(
        MailboxRow(
            *row[:3], row[3] or "", *row[4:7], trouble_of(row[7]) if row[7] else None, *row[8:10], UNFIT.get(row[10])
        )
        for row in rows
    )


def get_mailbox(*, user: User, id: int) -> Mailbox:
    """The mailbox with its process and owner, for who keeps the organisation. Raises NotVisible."""
    found = Mailbox.objects.select_related("process", "owner").filter(pk=id).first()
    if found is None or not may(user, Act.MANAGE_ORGANISATION):
        raise NotVisible
    return found


def unfit_of(*, user: User, mailbox: Mailbox) -> Trouble | None:
    """Why letters of strangers begin no deal, of a mailbox that came through `get_mailbox`; None: they do, or shall
    not."""
    return UNFIT.get(Mailbox.objects.filter(pk=mailbox.pk).values_list(_UNFIT, flat=True)[0])


def answer_address() -> str:
    """Where answers of clients shall go: the address of the first mailbox in use; "" without one."""
    return Mailbox.objects.filter(is_active=True).order_by("id").values_list("address", flat=True).first() or ""


def mailbox_processes(*, user: User) -> tuple[tuple[str, str], ...]:
    """Keys and names of the processes that letters may begin: the published ones."""
    found = Process.objects.filter(is_active=True, versions__status=VersionStatus.PUBLISHED)
    return tuple(found.order_by("name", "id").values_list("key", "name"))


def get_received(*, user: User, id: int) -> ReceivedLetter:
    """The letter with deal, client and mailbox. Raises NotVisible."""
    if not user.is_active or not rows_of(_IS_VISIBLE, {**_seen_by(user), "letter": id}):
        raise NotVisible
    return ReceivedLetter.objects.select_related(
        "deal", "client", "mailbox__process", "mailbox__owner", "sorted_by"
    ).get(pk=id)


def received_of_deal(*, user: User, deal_id: int) -> tuple[ReceivedRow, ...]:
    """The letters of a deal, if `user` sees it, newest first, at most 100."""
    return _rows(_OF_DEAL, user, deal=deal_id)


def received_for_task(*, user: User, deal_id: int) -> tuple[ReceivedRow, ...]:
    """The newest five letters that people wrote about the deal of a task, if `user` sees it."""
    return _rows(_FOR_TASK, user, deal=deal_id)


def letters_in(*, user: User, place: str) -> tuple[ReceivedRow, ...]:
    """The newest hundred letters `user` sees that are to be sorted, or lie aside (`place`)."""
    return _rows(_IN_PLACE, user, place=place)


def recent_letters(*, user: User, mailbox: Mailbox) -> tuple[ReceivedRow, ...]:
    """The newest twenty letters of a mailbox that `user` sees."""
    return _rows(_OF_MAILBOX, user, mailbox=mailbox.pk)


def likely_deals(*, user: User, letter: ReceivedLetter) -> tuple[tuple[int, str], ...]:
    """Open deals `user` sees that a letter may be about, by the client or the sender's address; at most 20."""
    owners = visible_owner_ids(user, Entity.DEAL)
    found = Deal.objects.filter(status="open")
    if owners is not None:
        found = found.filter(owner_id__in=owners)
    near = Q(client__contacts__channels__value=letter.sender, client__contacts__channels__kind="email")
    if letter.client_id is not None:
        near |= Q(client_id=letter.client_id)
    rows = found.filter(near).order_by("-id").distinct().values_list("pk", "number", "name", "client__name")[:20]
    return tuple((pk, f"{deal_number(number)} {name} · {client}") for pk, number, name, client in rows)


def deal_by_number(*, user: User, text: str) -> int:
    """The id of the deal `user` sees with this number. Raises NotVisible."""
    number = number_in(text)
    found = Deal.objects.none() if number is None else Deal.objects.filter(number=number)
    owners = visible_owner_ids(user, Entity.DEAL)
    if owners is not None:
        found = found.filter(owner_id__in=owners)
    id = found.values_list("pk", flat=True).first()
    if id is None:
        raise NotVisible
    return id


def _rows(sql: str, user: User, **values: int | str) -> tuple[ReceivedRow, ...]:
    return tuple(_row(row) for row in rows_of(sql, {**_seen_by(user), **values}))


def _row(row: tuple[Any, ...]) -> ReceivedRow:
    files = tuple(AttachmentRow(one["name"], one["type"], one["size"]) for one in msgspec.json.decode(row[-1]))
    values = [*row[:-1], files]
    return ReceivedRow(*values)


def _seen_by(user: User) -> dict[str, Any]:
    """Whose letters `_VISIBLE` lets through; None for those of all."""
    return {"deals": visible_owner_ids(user, Entity.DEAL), "clients": visible_owner_ids(user, Entity.CLIENT)}
