"""One's own notices: the bell, the page, and how one wants to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from kniga.people.models import NoticeChoice, User
from kniga.people.notice_kinds import KINDS
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.said import told_again
from kniga.platform.sqlparts import Conditions, rows_of


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice in the present language; `letter` is "", queued, sent or failed, `letter_error` what the mail server
    said last."""

    id: int
    kind: str
    title: str
    body: str
    url: str
    at: datetime
    is_read: bool
    letter: str
    letter_error: str


@dataclass(frozen=True, slots=True)
class NoticeGroup:
    """The newest unread notices of one kind, and how many there are altogether."""

    kind: str
    title: str
    icon: str
    unread: int
    rows: tuple[NoticeRow, ...]


@dataclass(frozen=True, slots=True)
class Bell:
    """What the bell shows: `unread` in all, and the groups with the newest first."""

    unread: int
    groups: tuple[NoticeGroup, ...]


@dataclass(frozen=True, slots=True)
class KindChoice:
    """How one is told of a kind now; `is_fixed`: it cannot be declined under the bell."""

    kind: str
    title: str
    icon: str
    in_app: bool
    by_mail: bool
    is_fixed: bool


_COLUMNS = "n.id, n.kind, n.title, n.body, n.told::text, n.url, n.at, n.read_at IS NOT NULL, n.letter, n.letter_error"
_UNREAD = "SELECT count(*) FROM people_notice WHERE user_id = %s AND in_app AND read_at IS NULL"
_BELL = f"""
SELECT g.kind, g.unread, r.* FROM (
    SELECT kind, count(*) AS unread, max(id) AS newest FROM people_notice
    WHERE user_id = %(user)s AND in_app AND read_at IS NULL GROUP BY kind
) AS g CROSS JOIN LATERAL (
    SELECT {_COLUMNS} FROM people_notice n
    WHERE n.user_id = %(user)s AND n.in_app AND n.read_at IS NULL AND n.kind = g.kind ORDER BY n.id DESC LIMIT 4
) AS r ORDER BY g.newest DESC, r.id DESC
"""
_NEWEST = Sort("n.id", "bigint", is_descending=True)
_NOTICES = f"SELECT n.id, {_COLUMNS} FROM people_notice n {{where}} ORDER BY {{order}} LIMIT {{limit}}"


def unread_count(*, user: User) -> int:
    """How many of one's notices are not read yet; one statement."""
    return int(rows_of(_UNREAD, [user.pk])[0][0])


def bell_of(*, user: User) -> Bell:
    """One's unread notices, grouped by kind, the newest first; one statement."""
    rows = rows_of(_BELL, {"user": user.pk})
    groups: dict[str, tuple[int, list[NoticeRow]]] = {}
    for kind, unread, *row in rows:
        groups.setdefault(kind, (unread, []))[1].append(_row(row))
    found = tuple(
        NoticeGroup(kind, title_of(kind), KINDS[kind].icon if kind in KINDS else "info", unread, tuple(members))
        for kind, (unread, members) in groups.items()
    )
    return Bell(sum(group.unread for group in found), found)


def notices_page(
    *, user: User, kind: str = "", only_unread: bool = False, cursor: str | None = None, limit: int = 50
) -> Page[NoticeRow]:
    """A page of one's own notices, the newest first. Raises Refused `cursor_invalid`."""
    conditions = Conditions()
    conditions.add("n.user_id = %s", user.pk)
    conditions.add("n.in_app")
    if kind:
        conditions.add("n.kind = %s", kind)
    if only_unread:
        conditions.add("n.read_at IS NULL")
    if cursor:
        conditions.add(_NEWEST.after("n.id"), *decode_cursor(cursor, _NEWEST))
    sql = _NOTICES.format(where=conditions.where, order=_NEWEST.order("n.id"), limit=limit + 1)
    return page_of(rows_of(sql, conditions.parameters), limit, _row)


def choices_of(*, user: User) -> tuple[KindChoice, ...]:
    """How one is told of each kind."""
    chosen = {one.kind: one for one in NoticeChoice.objects.filter(user=user)}
    found = []
    for kind in KINDS.values():
        one = chosen.get(kind.key)
        in_app = True if one is None else one.in_app or kind.always_in_app
        by_mail = kind.by_mail if one is None else one.by_mail
        found.append(KindChoice(kind.key, str(kind.title), kind.icon, in_app, by_mail, kind.always_in_app))
    return tuple(found)


def title_of(kind: str) -> str:
    """What a kind is called; the key of one that is gone."""
    return str(KINDS[kind].title) if kind in KINDS else kind


def texts_of(title: str, body: str, told: Mapping[str, Any] | None) -> tuple[str, str]:
    """Title and body of a notice in the present language, as they were written where that is not known."""
    told = told or {}
    return told_again(told.get("title", {}), title), told_again(told.get("body", {}), body)


def _row(row: Sequence[Any]) -> NoticeRow:
    id, kind, title, body, told, *rest = row
    title, body = texts_of(title, body, msgspec.json.decode(told) if told else None)
    return NoticeRow(id, kind, title, body, *rest)
