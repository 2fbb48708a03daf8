"""Telling people something: under the bell and by letter, each as the person has chosen.

A notice is written in the transaction of what it tells of; its letter is queued there too, and sent once that is
committed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import translation

from kniga.people.models import LetterState, Notice, NoticeChoice, User
from kniga.people.notice_kinds import KINDS
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.said import Said, kept, told_again
from kniga.platform.said import said as _

IN_APP: Final = "app"
BY_MAIL: Final = "mail"
LONGEST_TITLE: Final = 300
_FORGET: Final = """
DELETE FROM people_notice WHERE id IN (
    SELECT id FROM people_notice
    WHERE at < %(before)s AND letter <> 'queued' AND (read_at < %(before)s OR NOT in_app) LIMIT %(batch)s)
"""
FORGET_AT_ONCE: Final = 10_000
_silent: ContextVar[bool] = ContextVar("no letters", default=False)


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told to whom. Texts made with `platform.said` are said in each person's own language; `by` are
    the ways it may go, of which a person may have declined some."""

    user_ids: tuple[int, ...]
    kind: str
    title: str
    body: str = ""
    url: str = ""
    by: tuple[str, ...] = (IN_APP, BY_MAIL)


def notify(
    *, user_ids: Collection[int], kind: str, title: str, body: str = "", url: str = "", now: datetime,
    by: Collection[str] = (IN_APP, BY_MAIL),
) -> int:  # fmt: skip
    """Tell these people one thing, as `tell`."""
    return tell([News(tuple(user_ids), kind, title, body, url, tuple(by))], now=now)


@transaction.atomic
def tell(news: Sequence[News], *, now: datetime) -> int:
    """Write the notices, in a constant number of statements; returns how many.

    People whose account is closed are left out. A letter is queued where the person wants one and a mail server is
    set up. Raises KeyError for a kind that `notice_kinds` does not know."""
    wanted = {id for one in news for id in one.user_ids}
    if not wanted:
        return 0
    people = {user.pk: user for user in User.objects.filter(pk__in=wanted, is_active=True).only("language")}
    choices = {
        (one.user_id, one.kind): one
        for one in NoticeChoice.objects.filter(user__in=people, kind__in={n.kind for n in news})
    }
    rows = [row for one in news for row in _rows_of(one, people, choices, now)]
    Notice.objects.bulk_create(rows)
    letters = [row.pk for row in rows if row.letter == LetterState.QUEUED]
    if letters:
        # A cycle by nature: the job tells what became of the letters written here.
        from kniga.people.jobs import send_letters

        send_letters.defer(notice_ids=letters)
    return len(rows)


@transaction.atomic
def mark_read(*, user: User, now: datetime, id: int | None = None) -> int:
    """Mark one's own notices as read, all or the one with this id; how many were not yet. Raises NotVisible for a
    notice that is not one's own."""
    mine = Notice.objects.filter(user=user, in_app=True)
    if id is not None:
        mine = mine.filter(pk=id)
        if not mine.exists():
            raise NotVisible
    return mine.filter(read_at=None).update(read_at=now)


def forget_old(*, now: datetime) -> int:
    """Delete the notices that were read more than `NOTICE_DAYS` (setting; 0 keeps all) ago, and letters as old that
    were for no bell; how many. What is unread, or has a letter on its way, stays. In batches, each its own
    transaction."""
    if not settings.NOTICE_DAYS:
        return 0
    told: dict[str, datetime | int] = {
        "before": now - timedelta(days=settings.NOTICE_DAYS), "batch": FORGET_AT_ONCE,
    }  # fmt: skip
    total = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, told)
            forgotten = int(cursor.rowcount)
        total += forgotten
        if forgotten < FORGET_AT_ONCE:
            return total


@transaction.atomic
def choose(*, user: User, kind: str, in_app: bool, by_mail: bool) -> None:
    """Choose how one is told of a kind. Raises Refused `kind_unknown`, `always_in_app`."""
    known = KINDS.get(kind)
    if known is None:
        raise Refused("kind_unknown", _("Kniga knows no such kind of notice. Open the page again."))
    if known.always_in_app and not in_app:
        message = _("“%(kind)s” always come under the bell: somebody must see them. Letters can be declined.")
        raise Refused("always_in_app", message % {"kind": known.title}, field=kind)
    NoticeChoice.objects.update_or_create(user=user, kind=kind, defaults={"in_app": in_app, "by_mail": by_mail})


def has_mail() -> bool:
    """Whether letters can be sent at all: a mail server is set up."""
    return not _silent.get() and not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")


@contextmanager
def without_letters() -> Iterator[None]:
    """Queue no letters inside the `with` block: for people who are made up."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def _rows_of(
    news: News, people: dict[int, User], choices: dict[tuple[int, str], NoticeChoice], now: datetime
) -> Iterator[Notice]:
    kind = KINDS[news.kind]
    for id in dict.fromkeys(news.user_ids):
        person = people.get(id)
        if person is None:
            continue
        choice = choices.get((id, news.kind))
        in_app = IN_APP in news.by and (choice is None or choice.in_app or kind.always_in_app)
        by_mail = BY_MAIL in news.by and has_mail() and (kind.by_mail if choice is None else choice.by_mail)
        if in_app or by_mail:
            with translation.override(person.language or settings.LANGUAGE_CODE):
                yield Notice(
                    user_id=id, kind=news.kind, title=_again(news.title)[:LONGEST_TITLE], body=_again(news.body),
                    told=_told(news), url=news.url, at=now, in_app=in_app, letter=LetterState.QUEUED if by_mail else "",
                )  # fmt: skip


def _told(news: News) -> dict[str, Any] | None:
    """How the texts were said, for those who read them later in another language."""
    told = {"title": kept(news.title), "body": kept(news.body)}
    return {name: how for name, how in told.items() if how} or None


def _again(text: str) -> str:
    """A text in the present language, if it remembers how it was said."""
    return told_again(kept(text), str(text)) if isinstance(text, Said) else str(text)
