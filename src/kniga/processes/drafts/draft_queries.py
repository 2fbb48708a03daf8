"""Drafts as the designer and the list need them. Whoever may change the sales book sees every draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kniga.deals.models import Stage
from kniga.documents.models import TemplateKind
from kniga.documents.queries import active_template_names
from kniga.people.models import User
from kniga.people.permissions import Act, may
from kniga.people.skills import skills_of_people
from kniga.platform.errors import NotVisible
from kniga.platform.textkeys import fold
from kniga.processes.drafts.drafting import DISCARDED_FOR
from kniga.processes.models import Draft, DraftPresence, DraftSave, Process, ProcessVersion, VersionStatus
from kniga.processes.versions.definitions import runnable_version

PRESENT_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft in the list; `published` is the number of the version in force, None before the first; `branch` is ""
    for everybody's. The draft began as version `base`, and `newer` is a later one, not retired, if there is any."""

    id: int
    key: str
    name: str
    branch: str
    revision: int
    updated_at: datetime
    updated_by: str
    updated_by_id: int | None
    published: int | None
    base: int | None
    newer: int | None


@dataclass(frozen=True, slots=True)
class DraftState:
    """A draft with its file."""

    row: DraftRow
    xml: bytes


@dataclass(frozen=True, slots=True)
class SaveRow:
    """A state of a draft that was saved: in which revision, when and by whom (a name)."""

    revision: int
    saved_at: datetime
    saved_by: str


@dataclass(frozen=True, slots=True)
class DiscardedRow:
    """A draft that was discarded and can be brought back."""

    id: int
    key: str
    name: str
    discarded_at: datetime
    discarded_by: str


@dataclass(frozen=True, slots=True)
class ClosedDraft:
    """What became of a draft: discarded, or published as version `number` of its process; when, and by whom."""

    key: str
    name: str
    is_discarded: bool
    closed_at: datetime
    closed_by: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody who has the draft open, and when their page was last heard of."""

    name: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """Something a step may name: its key, and its name."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class DraftCatalog:
    """What can be chosen from while a process is drawn: skills and stages in use, templates of documents and
    letters, processes that may be called."""

    skills: tuple[str, ...]
    stages: tuple[Named, ...]
    documents: tuple[Named, ...]
    letters: tuple[Named, ...]
    processes: tuple[Named, ...]


def draft_rows(*, user: User) -> tuple[DraftRow, ...]:
    """The open drafts, the last touched first; none for whoever may not change the book."""
    if not may(user, Act.EDIT_BOOK):
        return ()
    found = Draft.objects.filter(closed_at__isnull=True).select_related("branch", "updated_by").defer("xml")
    return tuple(_rows(found.order_by("-updated_at", "-pk")))


def get_draft(*, user: User, draft_id: int) -> DraftState:
    """An open draft with its file. Raises NotVisible."""
    found = Draft.objects.filter(pk=draft_id, closed_at__isnull=True).select_related("branch", "updated_by").first()
    if found is None or not may(user, Act.EDIT_BOOK):
        raise NotVisible
    return DraftState(next(_rows([found])), bytes(found.xml))


def closed_draft(*, user: User, draft_id: int) -> ClosedDraft:
    """What became of a draft that is no longer open. Raises NotVisible for one that never was, or is open."""
    found = (
        Draft.objects.filter(pk=draft_id, closed_at__isnull=False).select_related("discarded_by").defer("xml").first()
    )
    if found is None or found.closed_at is None or not may(user, Act.EDIT_BOOK):
        raise NotVisible
    if found.discarded_at is not None:
        by = "" if found.discarded_by is None else found.discarded_by.name
        return ClosedDraft(found.process_key, found.name, True, found.closed_at, by, None)
    made = ProcessVersion.objects.filter(process__key=found.process_key, created_at=found.closed_at)
    number, by = made.values_list("number", "created_by__name").first() or (None, "")
    return ClosedDraft(found.process_key, found.name, False, found.closed_at, by or "", number)


def draft_saves(*, user: User, draft_id: int) -> tuple[SaveRow, ...]:
    """The states of an open draft that are kept, the last one first: one statement. Raises NotVisible."""
    found = DraftSave.objects.filter(draft_id=draft_id, draft__closed_at__isnull=True).order_by("-revision")
    rows = found.values_list("revision", "saved_at", "saved_by__name") if may(user, Act.EDIT_BOOK) else ()
    saves = tuple(SaveRow(revision, at, by or "") for revision, at, by in rows)
    if not saves:
        raise NotVisible
    return saves


def draft_at(*, user: User, draft_id: int, revision: int) -> bytes:
    """The file of an open draft as it was in a revision. Raises NotVisible for one that is not kept."""
    kept = DraftSave.objects.filter(draft_id=draft_id, draft__closed_at__isnull=True, revision=revision)
    xml = kept.values_list("xml", flat=True).first() if may(user, Act.EDIT_BOOK) else None
    if xml is None:
        raise NotVisible
    return bytes(xml)


def discarded_drafts(*, user: User, now: datetime) -> tuple[DiscardedRow, ...]:
    """The drafts that were discarded and can be brought back, the last one first."""
    if not may(user, Act.EDIT_BOOK):
        return ()
    found = Draft.objects.filter(discarded_at__gt=now - DISCARDED_FOR).order_by("-discarded_at", "-pk")
    rows = found.values_list("pk", "process_key", "name", "discarded_at", "discarded_by__name")
    return tuple(DiscardedRow(id, key, name, at, by or "") for id, key, name, at, by in rows if at is not None)


def draft_of_process(*, user: User, process_key: str) -> int | None:
    """The id of the open draft of a process, for whoever may change the book."""
    if not may(user, Act.EDIT_BOOK):
        return None
    return Draft.objects.filter(process_key=process_key, closed_at__isnull=True).values_list("pk", flat=True).first()


def editors_of(*, user: User, draft_id: int, now: datetime) -> tuple[Editor, ...]:
    """Who else has the draft open, by name."""
    found = DraftPresence.objects.filter(draft_id=draft_id, seen_at__gt=now - PRESENT_FOR).exclude(user=user)
    return tuple(Editor(*row) for row in found.order_by("user__name").values_list("user__name", "seen_at"))


def draft_catalog(*, user: User) -> DraftCatalog:
    """What the designer offers."""
    published = (
        ProcessVersion.objects.filter(status=VersionStatus.PUBLISHED).order_by("pk").values_list("pk", flat=True)
    )
    tasks = [task for id in published for task in runnable_version(id).definition.user_tasks()]
    stages = Stage.objects.filter(is_active=True).order_by("pipeline_id", "position").values_list("key", "name")
    processes = Process.objects.filter(is_active=True, versions__status=VersionStatus.PUBLISHED).order_by("name")
    return DraftCatalog(
        skills=_skills(task.skill for task in tasks if task.skill),
        stages=tuple(Named(*row) for row in dict.fromkeys(stages)),
        documents=tuple(Named(*item) for item in active_template_names().items()),
        letters=tuple(Named(*item) for item in active_template_names(kind=TemplateKind.LETTER).items()),
        processes=tuple(Named(*row) for row in processes.values_list("key", "name")),
    )


def _skills(asked: Iterable[str]) -> tuple[str, ...]:
    """Those of people and of steps, each once, as people have it written."""
    found = {fold(skill): skill for skill in asked} | skills_of_people()
    return tuple(found[key] for key in sorted(found))


def _rows(drafts: Iterable[Draft]) -> Iterator[DraftRow]:
    drafts = list(drafts)
    versions = ProcessVersion.objects.filter(process__key__in=[draft.process_key for draft in drafts])
    published: dict[str, int] = {}
    newest: dict[str, int] = {}
    bases: dict[int, int] = {}
    for id, key, number, status in versions.order_by("number").values_list("pk", "process__key", "number", "status"):
        bases[id] = number
        if status == VersionStatus.PUBLISHED:
            published[key] = number
        if status != VersionStatus.RETIRED:
            newest[key] = number
    for draft in drafts:
        base = None if draft.base_version_id is None else bases.get(draft.base_version_id)
        newer = newest.get(draft.process_key, 0)
        yield DraftRow(
            id=draft.pk,
            key=draft.process_key,
            name=draft.name,
            branch="" if draft.branch is None else draft.branch.name,
            revision=draft.revision,
            updated_at=draft.updated_at,
            updated_by="" if draft.updated_by is None else draft.updated_by.name,
            updated_by_id=draft.updated_by_id,
            published=published.get(draft.process_key),
            base=base,
            newer=newer if base is not None and newer > base else None,
        )
