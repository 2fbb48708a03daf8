"""Editions of the sales book, and what changed from one to another. Everybody who works here may read the book:
what is for all, and what is for their branch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kniga.people.models import User
from kniga.platform.errors import NotVisible
from kniga.platform.sqlparts import rows_of
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.wording.changes import Changes, changes_between

Fate = Literal["new", "gone", "changed"]


@dataclass(frozen=True, slots=True)
class EditionRow:
    """An edition; `processes` are the names of what it is made of, with version numbers, `readers` how many people
    have confirmed it."""

    number: int
    made_at: datetime
    made_by: str
    organisation: str
    processes: tuple[tuple[str, int], ...]
    readers: int


@dataclass(frozen=True, slots=True)
class ChapterSource:
    """A version an edition is made of."""

    version_id: int
    process: str
    kind: str
    number: int
    note: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChapterChange:
    """What became of a process between two editions; `changes` only where both have it; `note` is what was said
    at the publishing of the newer one."""

    process: str
    name: str
    fate: Fate
    before: int | None
    after: int | None
    changes: Changes | None
    note: str = ""


_EDITIONS: Final = """
SELECT e.number, e.made_at, coalesce(u.name, ''), e.organisation,
       coalesce(array_agg(p.name ORDER BY k.position) FILTER (WHERE p.id IS NOT NULL), '{}'),
       coalesce(array_agg(v.number ORDER BY k.position) FILTER (WHERE p.id IS NOT NULL), '{}'),
       (SELECT count(*) FROM salesbook_bookreading r WHERE r.edition_id = e.id)
FROM salesbook_bookedition e
LEFT JOIN people_user u ON u.id = e.made_by_id
LEFT JOIN salesbook_editionversion k ON k.edition_id = e.id
LEFT JOIN processes_processversion v ON v.id = k.version_id
LEFT JOIN processes_process p ON p.id = v.process_id
     AND (p.branch_id IS NULL OR p.branch_id = coalesce(%(branch)s::bigint, p.branch_id))
WHERE %(number)s::bigint IS NULL OR e.number = %(number)s::bigint
GROUP BY e.id, u.name ORDER BY e.number DESC LIMIT %(most)s
"""
_CHAPTERS: Final = """
SELECT v.id, p.key, p.kind, v.number, v.note, v.published_at
FROM salesbook_editionversion k
JOIN salesbook_bookedition e ON e.id = k.edition_id
JOIN processes_processversion v ON v.id = k.version_id
JOIN processes_process p ON p.id = v.process_id
WHERE e.number = %(edition)s AND (p.branch_id IS NULL OR p.branch_id = coalesce(%(branch)s::bigint, p.branch_id))
ORDER BY k.position
"""
MOST_EDITIONS: Final = 200


def editions_for(*, user: User) -> tuple[EditionRow, ...]:
    """The editions, newest first, each without processes of other branches than the reader's; nothing before the
    first publishing."""
    return _editions(user, None, MOST_EDITIONS)


def _editions(user: User, number: int | None, most: int) -> tuple[EditionRow, ...]:
    words = {"branch": user.branch_id, "number": number, "most": most}
    return tuple(
        EditionRow(number, at, by, organisation, tuple(zip(names, versions, strict=True)), readers)
        for number, at, by, organisation, names, versions, readers in rows_of(_EDITIONS, words)
    )


def chapters_of(*, user: User, edition: int) -> tuple[ChapterSource, ...]:
    """The versions an edition is made of, in the order of its chapters, without processes of other branches than the
    reader's; whoever belongs to no branch reads all."""
    words = {"edition": edition, "branch": user.branch_id}
    return tuple(ChapterSource(*row) for row in rows_of(_CHAPTERS, words))


def get_edition(*, user: User, number: int | None = None) -> EditionRow:
    """An edition, the one in force if none is named. Raises NotVisible."""
    found = _editions(user, number, 1)
    if not found:
        raise NotVisible
    return found[0]


def changes_since(*, user: User, before: int, after: int) -> tuple[ChapterChange, ...]:
    """What changed from one edition to another, process by process; nothing for processes that say the same."""
    old = {one.process: one for one in chapters_of(user=user, edition=before)}
    new = {one.process: one for one in chapters_of(user=user, edition=after)}
    found = [_change(old.get(key), one) for key, one in new.items()]
    found += [_change(one, None) for key, one in old.items() if key not in new]
    return tuple(one for one in found if one.changes is None or not one.changes.is_empty)


def _change(old: ChapterSource | None, new: ChapterSource | None) -> ChapterChange:
    shown = new or old
    assert shown is not None, "one of both is there"
    definition = runnable_version(shown.version_id).definition
    before, after = old.number if old else None, new.number if new else None
    note = new.note if new else ""
    if old is None or new is None:
        return ChapterChange(
            shown.process, definition.name, "new" if old is None else "gone", before, after, None, note
        )
    changes = changes_between(runnable_version(old.version_id).definition, definition)
    return ChapterChange(shown.process, definition.name, "changed", before, after, changes, note)
