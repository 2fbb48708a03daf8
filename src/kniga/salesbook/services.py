"""Making editions, confirming that one has read them, reminding those who have not."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import Max

from kniga.people.models import User
from kniga.people.notice_kinds import BOOK
from kniga.people.notices import notify
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.organisation import current_organisation
from kniga.platform.said import said as _
from kniga.platform.sqlparts import rows_of
from kniga.processes.models import ProcessVersion, VersionStatus
from kniga.salesbook import events
from kniga.salesbook.models import BookEdition, BookReading, EditionVersion
from kniga.salesbook.readers import CONCERNED, READING_ROLES, unread_ids

ADDRESS: Final = "/book/"
# Two publishings at once must not make two editions of one number.
_ONE_AT_A_TIME: Final = "LOCK TABLE salesbook_bookedition IN SHARE ROW EXCLUSIVE MODE"


@transaction.atomic
def keep_edition(*, by: User | None, now: datetime) -> BookEdition | None:
    """Make the next edition if other versions are published than the last one is made of; the edition in force.

    Everybody who works by the book is told. None while nothing was ever published."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)
    versions = tuple(
        ProcessVersion.objects.filter(status=VersionStatus.PUBLISHED)
        .order_by("process_id")
        .values_list("pk", "process__key", "number")
    )
    digest = hashlib.sha256(" ".join(f"{key}:{number}" for _id, key, number in versions).encode()).hexdigest()
    last = BookEdition.objects.order_by("-number").first()
    if (last is None and not versions) or (last is not None and last.digest == digest):
        return last
    number = (BookEdition.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    edition = BookEdition.objects.create(
        number=number, digest=digest, organisation=current_organisation().name, made_at=now, made_by=by
    )
    EditionVersion.objects.bulk_create(
        EditionVersion(edition=edition, version_id=id, position=place) for place, (id, _key, _n) in enumerate(versions)
    )
    made_of = {key: number for _id, key, number in versions}
    payload = {"edition": number, "versions": made_of}
    record([LedgerEvent(events.EDITION_MADE, now, actor_id=_id_of(by), payload=payload)])
    _tell_readers(edition, by, now)
    return edition


@transaction.atomic
def confirm_reading(*, number: int, by: User, now: datetime) -> BookReading:
    """Note that `by` has read an edition; twice changes nothing. Raises NotVisible for an edition that is not there."""
    edition = BookEdition.objects.filter(number=number).first()
    if edition is None:
        raise NotVisible
    reading, is_new = BookReading.objects.get_or_create(user=by, edition=edition, defaults={"at": now})
    if is_new:
        record([LedgerEvent(events.EDITION_READ, now, actor_id=by.pk, payload={"edition": number})])
    return reading


@transaction.atomic
def remind_readers(*, by: User, now: datetime) -> int:
    """Remind those of `by`'s people who have not confirmed the edition in force; how many were told.

    Raises Refused when `by` leads nobody, or there is no edition yet."""
    require(by, Act.STEER)
    edition = BookEdition.objects.order_by("-number").first()
    if edition is None:
        raise Refused("no_edition", _("There is no sales book yet. Publish a process first."))
    missing = unread_ids(user=by)
    title = _("Please read edition %(number)s of the sales book and confirm it") % {"number": edition.number}
    told = notify(user_ids=missing, kind=BOOK, title=title, url=ADDRESS, now=now)
    payload = {"edition": edition.number, "users": sorted(missing)}
    record([LedgerEvent(events.READERS_REMINDED, now, actor_id=by.pk, payload=payload)])
    return told


def _tell_readers(edition: BookEdition, by: User | None, now: datetime) -> None:
    """Those for whom it says something new: not only in processes of other branches."""
    readers = rows_of(CONCERNED, {"roles": list(READING_ROLES), "edition": edition.pk})
    title = _("The sales book has a new edition: %(number)s") % {"number": edition.number}
    body = _("See what has changed for you, and confirm that you have read it.")
    notify(
        user_ids=[id for (id,) in readers if id != _id_of(by)], kind=BOOK, title=title, body=body, url=ADDRESS, now=now
    )


def _id_of(by: User | None) -> int | None:
    return None if by is None else by.pk
