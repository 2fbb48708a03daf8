"""Drafts of processes: begun, saved by several people at once without losing anything, published, discarded.

A draft need not compile; only what can be read as BPMN at all is kept. What is wrong with it is shown by
`draft_checking`, and refused when it is published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from kniga.engine import BpmnRefused
from kniga.engine.bpmn.editing import edit, set_name
from kniga.engine.bpmn.merging import Merged, Side, merge
from kniga.engine.bpmn.renaming import in_utf8, process_named, rename_process
from kniga.engine.bpmn.splicing import splice
from kniga.people.models import Branch, User
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.processes.drafts.draft_keys import MOST, free_key, is_key, key_of
from kniga.processes.drafts.draft_saves import THINNED_EVERY, thin_saves
from kniga.processes.drafts.new_process import new_process
from kniga.processes.models import Draft, DraftPresence, DraftSave, Process, ProcessKind, ProcessVersion
from kniga.processes.versions.publishing import BookRefused, publish_version, require_head, upload_version
from kniga.processes.versions.scheduling import schedule_publishing

DISCARDED_FOR: Final = timedelta(days=30)
"""So long a discarded draft can be brought back."""
TOLD_EVERY: Final = timedelta(minutes=10)
"""The designer saves every few seconds; the ledger is told once per person, draft and so long."""
_TURNS: Final = 5


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved: the draft's `revision` now, and its file. `is_merged`: somebody else had saved meanwhile, and
    `xml` holds what both changed."""

    revision: int
    xml: bytes
    is_merged: bool


class DraftConflict(Conflict):
    """Somebody else changed the same as the caller: nothing was saved. `xml` is how the draft is now, in which
    `revision`, since when (`at`) and by whom (`by`, a name, and `by_id`); `merged` says what differs."""

    def __init__(self, draft: Draft, merged: Merged) -> None:
        super().__init__("draft_conflict", _("Somebody else has changed the same at the same time."))
        self.revision, self.at, self.xml = draft.revision, draft.updated_at, bytes(draft.xml)
        self.by = "" if draft.updated_by is None else draft.updated_by.name
        self.by_id = draft.updated_by_id
        self.merged = merged


def draft_from_scratch(*, name: str, kind: str, branch: Branch | None = None, by: User, now: datetime) -> Draft:
    """Begin a process with a start, one step, a won and a lost end. Raises Refused."""
    require_head(by)
    name = _named(name)
    if kind not in ProcessKind.values:
        raise Refused("unknown_kind", _("Choose what the process is for."), field="kind")
    wanted = _wanted(key_of(name), branch)
    return _begin_anew(
        wanted, name, lambda key: new_process(key=key, name=name, kind=kind), by, now, origin="empty", branch=branch
    )


def draft_from_template(*, xml: bytes, name: str, branch: Branch | None = None, by: User, now: datetime) -> Draft:
    """Begin a process of its own with a file of the gallery; without a name it keeps the file's. Raises Refused."""
    require_head(by)
    id, own_name = process_named(xml)
    title, file, wanted = _named(name or own_name), readable(xml), _wanted(id, branch)
    return _begin_anew(
        wanted, title, lambda key: _retitled(file, key, title), by, now, origin="template", branch=branch
    )


def draft_from_file(*, xml: bytes, name: str = "", branch: Branch | None = None, by: User, now: datetime) -> Draft:
    """Begin a draft with a BPMN file, whether it compiles or not. Raises BookRefused for what cannot be read, Refused.

    A file with the id of a process becomes a draft of that process's next version, unless it is to have another name
    or branch, or that process has a draft already: then it becomes a process of its own, with a key of its own."""
    require_head(by)
    xml = readable(xml)
    id, own_name = process_named(xml)
    is_another = bool(name and name != own_name) or branch is not None
    process = None if is_another or not is_key(id) else Process.objects.filter(key=id).first()
    if process is not None and not _open(id).exists():
        newest = process.versions.order_by("-number").first()
        return _begin(id, own_name or process.name, xml, by, now, origin="file", base=newest, branch=process.branch)
    title = _named(name) if name else own_name[:200] or _("Process without a name")
    wanted = _wanted(id if is_key(id) and not is_another else key_of(title), branch)
    return _begin_anew(wanted, title, lambda key: _retitled(xml, key, title), by, now, origin="file", branch=branch)


def draft_of_version(*, version_id: int, by: User, now: datetime) -> Draft:
    """The open draft of the version's process; if there is none, one that begins as this version. Raises NotVisible,
    Refused."""
    require_head(by)
    version = _version(version_id)
    with transaction.atomic():
        Process.objects.select_for_update().get(pk=version.process_id)
        existing = _open(version.process.key).first()
        if existing is not None:
            return existing
        xml, process = readable(bytes(version.xml)), version.process
        return _begin(process.key, process.name, xml, by, now, origin="version", base=version, branch=process.branch)


def copy_of_version(*, version_id: int, name: str, branch: Branch | None, by: User, now: datetime) -> Draft:
    """Begin a new process as a copy of a version, for everybody or for one branch. Raises NotVisible, Refused."""
    require_head(by)
    version = _version(version_id)
    title = _named(name)
    wanted, xml = _wanted(version.process.key if branch is not None else key_of(title), branch), bytes(version.xml)
    xml = readable(xml)
    return _begin_anew(wanted, title, lambda key: _retitled(xml, key, title), by, now, origin="copy", branch=branch)


def save_draft(
    *,
    draft_id: int,
    base_revision: int,
    xml: bytes,
    by: User,
    now: datetime,
    choices: Mapping[tuple[str, str], Side] | None = None,
    before: bytes | None = None,
) -> Saved:
    """Save a draft that the caller had in `base_revision`. When somebody saved since, what both changed is joined;
    `choices` says for (element id, field) whose change holds where both changed the same.

    `before` is how the caller's program writes that revision: with it only what differs between it and `xml` is
    changed in the file as it was, and all else keeps its bytes.

    Raises DraftConflict where they did and nothing was chosen, BookRefused for what cannot be read, NotVisible for a
    draft that is not there (any more), Refused."""
    require_head(by)
    xml = readable(xml)
    with transaction.atomic():
        draft = _locked(draft_id)
        note_presence(draft_id=draft_id, by=by, now=now)
        base = _at_revision(draft, base_revision)
        xml = _spliced(base, before, _keyed(xml, draft.process_key), draft.process_key)
        # A page that was left while it saved sends the same once more when it is opened again.
        if base_revision != draft.revision and xml != bytes(draft.xml):
            merged = merge(base, bytes(draft.xml), xml, choices=choices)
            if merged.xml is None:
                raise DraftConflict(draft, merged)
            _keep(draft, merged.xml, by, now)
            return Saved(draft.revision, bytes(draft.xml), is_merged=True)
        _keep(draft, xml, by, now)
        return Saved(draft.revision, xml, is_merged=False)


def note_presence(*, draft_id: int, by: User, now: datetime) -> None:
    """Note that the person has the draft open. Raises NotVisible."""
    if not _open_ids(draft_id).exists():
        raise NotVisible
    DraftPresence.objects.update_or_create(draft_id=draft_id, user=by, defaults={"seen_at": now})


def publish_draft(
    *, draft_id: int, revision: int, note: str, at: datetime | None = None, by: User, now: datetime
) -> ProcessVersion:
    """Make a version of the draft and publish it, or let it be published by itself `at` a moment; the draft is closed.

    Raises BookRefused with everything that forbids it (nothing is published then), Conflict when the draft is no
    longer in `revision`, NotVisible, Refused."""
    require_head(by)
    with transaction.atomic():
        version = _version_of_draft(draft_id, revision, note, by, now)
        if at is not None:
            return schedule_publishing(version_id=version.pk, at=at, note=note, by=by, now=now)
        return publish_version(version_id=version.pk, note=note, by=by, now=now)


def discard_draft(*, draft_id: int, by: User, now: datetime) -> Draft:
    """Close a draft without publishing it; what was saved is kept. Raises NotVisible, Refused."""
    require_head(by)
    with transaction.atomic():
        draft = _locked(draft_id)
        draft.discarded_at, draft.discarded_by = now, by
        _close(draft, now)
        _tell("processes.draft.discarded", draft, by, now)
    return draft


def restore_revision(*, draft_id: int, revision: int, by: User, now: datetime) -> Draft:
    """Make a draft as it was in an earlier revision, by a revision of its own: what stood there since stays among the
    earlier ones. Raises NotVisible for a revision that is not kept (any more), Refused."""
    require_head(by)
    with transaction.atomic():
        draft = _locked(draft_id)
        earlier = draft.saves.filter(revision=revision).values_list("xml", flat=True).first()
        if earlier is None:
            raise NotVisible
        if _keep(draft, bytes(earlier), by, now, is_quiet=True):
            _tell("processes.draft.restored", draft, by, now, revision=draft.revision, restored=revision)
    return draft


def start_from_version(*, draft_id: int, number: int, by: User, now: datetime) -> Draft:
    """Make a draft as a version of its process is, and count it as begun with that one: what stood there since stays
    among the earlier states. Raises NotVisible for a version that is not there, BookRefused, Refused."""
    require_head(by)
    with transaction.atomic():
        draft = _locked(draft_id)
        version = ProcessVersion.objects.filter(process__key=draft.process_key, number=number).first()
        if version is None:
            raise NotVisible
        draft.base_version = version
        draft.save(update_fields=["base_version"])
        _keep(draft, readable(bytes(version.xml)), by, now, is_quiet=True)
        _tell("processes.draft.restored", draft, by, now, revision=draft.revision, version=version.number)
    return draft


def bring_back_draft(*, draft_id: int, by: User, now: datetime) -> Draft:
    """Open a discarded draft again, as it was. That of a new process gets another key when its own is taken meanwhile.

    Raises NotVisible for what was not discarded, or too long ago, and Refused: while another draft of its process is
    open."""
    require_head(by)
    with transaction.atomic():
        discarded = Draft.objects.filter(pk=draft_id, discarded_at__gt=now - DISCARDED_FOR)
        draft = discarded.select_for_update(of=("self",)).first()
        if draft is None:
            raise NotVisible
        if draft.base_version_id is None:
            draft.process_key = free_key(draft.process_key)
        elif _open(draft.process_key).exists():
            raise Refused("other_draft", _("The process has another draft now: publish or discard that one first."))
        draft.closed_at = draft.discarded_at = draft.discarded_by = None
        draft.xml = _keyed(bytes(draft.xml), draft.process_key)
        draft.save(update_fields=["process_key", "xml", "closed_at", "discarded_at", "discarded_by"])
        _tell("processes.draft.brought_back", draft, by, now)
    return draft


def readable(xml: bytes) -> bytes:
    """The file in UTF-8. Raises BookRefused for what is no BPMN file, or too large."""
    try:
        return in_utf8(xml)
    except BpmnRefused as refused:
        raise BookRefused(refused.problems) from refused


def _version_of_draft(draft_id: int, revision: int, note: str, by: User, now: datetime) -> ProcessVersion:
    draft = _locked(draft_id)
    if draft.revision != revision:
        raise Conflict("draft_changed", _("The draft has been changed meanwhile: look at it again, then publish it."))
    xml = _keyed(bytes(draft.xml), draft.process_key)
    version = upload_version(xml=xml, note=note, by=by, now=now, branch=draft.branch)
    _close(draft, now)
    _tell("processes.draft.published", draft, by, now, version=version.number)
    return version


def _begin_anew(
    wanted: str,
    name: str,
    xml_of: Callable[[str], bytes],
    by: User,
    now: datetime,
    *,
    origin: str,
    branch: Branch | None = None,
) -> Draft:
    """Begin a draft of a process that is not there yet, under the wanted key or the next free one."""
    for _turn in range(_TURNS):
        key = free_key(wanted)
        with suppress(IntegrityError):  # somebody has just taken the same key
            return _begin(key, name, xml_of(key), by, now, origin=origin, branch=branch)
    raise Conflict("busy", _("Others are making processes of the same name right now. Try again."))


def _begin(
    key: str,
    name: str,
    xml: bytes,
    by: User,
    now: datetime,
    *,
    origin: str,
    base: ProcessVersion | None = None,
    branch: Branch | None = None,
) -> Draft:
    with transaction.atomic():
        draft = Draft.objects.create(
            process_key=key,
            name=name[:200],
            branch=branch,
            xml=xml,
            base_version=base,
            created_at=now,
            created_by=by,
            updated_at=now,
            updated_by=by,
        )
        DraftSave.objects.create(draft=draft, revision=1, xml=xml, saved_at=now, saved_by=by)
        _tell("processes.draft.created", draft, by, now, origin=origin)
    return draft


def _keep(draft: Draft, xml: bytes, by: User, now: datetime, *, is_quiet: bool = False) -> bool:
    """Save what differs from what is there; whether it did."""
    if xml == bytes(draft.xml):
        return False
    is_told = draft.saves.filter(saved_by=by, saved_at__gt=now - TOLD_EVERY, revision__gt=1).exists()
    draft.revision += 1
    draft.xml, draft.updated_at, draft.updated_by = xml, now, by
    draft.name = process_named(xml)[1][:200] or draft.name
    draft.save(update_fields=["revision", "xml", "updated_at", "updated_by", "name"])
    DraftSave.objects.create(draft=draft, revision=draft.revision, xml=xml, saved_at=now, saved_by=by)
    if draft.revision % THINNED_EVERY == 0:
        thin_saves(draft=draft, now=now)
    if not (is_told or is_quiet):
        _tell("processes.draft.saved", draft, by, now, revision=draft.revision)
    return True


def _at_revision(draft: Draft, revision: int) -> bytes | None:
    """The draft as it was; None when that save is kept no more: then everything that differs is asked about."""
    found = draft.saves.filter(revision=revision).values_list("xml", flat=True).first()
    return None if found is None else bytes(found)


def _spliced(base: bytes | None, before: bytes | None, xml: bytes, key: str) -> bytes:
    """The file of a revision with what the caller changed; the caller's own file without what it changed it from."""
    return xml if base is None or before is None else splice(base, _keyed(readable(before), key), xml)


def _keyed(xml: bytes, key: str) -> bytes:
    """The file with the key as the id of its process: the designer may have taken in a file of another process."""
    return xml if process_named(xml)[0] == key else rename_process(xml, key)


def _retitled(xml: bytes, key: str, title: str) -> bytes:
    """The file with the key as the id of its process, and the title as its name."""
    if not process_named(xml)[0]:
        return xml
    renamed = rename_process(xml, key)
    return edit(renamed, [set_name(key, title)])


def _wanted(key: str, branch: Branch | None) -> str:
    """The key to ask for; that of a process of one branch names the branch."""
    return key if branch is None else f"{key[:40]}_{key_of(branch.name)}"[:MOST]


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 200 or not name.isprintable():
        raise Refused("no_name", _("Give the process a name of at most 200 characters."), field="name")
    return name


def _version(version_id: int) -> ProcessVersion:
    version = ProcessVersion.objects.select_related("process__branch").filter(pk=version_id).first()
    if version is None:
        raise NotVisible
    return version


def _open(key: str) -> models.QuerySet[Draft]:
    return Draft.objects.filter(process_key=key, closed_at__isnull=True)


def _open_ids(draft_id: int) -> models.QuerySet[Draft]:
    return Draft.objects.filter(pk=draft_id, closed_at__isnull=True)


def _locked(draft_id: int) -> Draft:
    found = _open_ids(draft_id).select_related("updated_by", "branch").select_for_update(of=("self",)).first()
    if found is None:
        raise NotVisible
    return found


def _close(draft: Draft, now: datetime) -> None:
    draft.closed_at = now
    draft.save(update_fields=["closed_at", "discarded_at", "discarded_by"])
    thin_saves(draft=draft, now=now)


def _tell(kind: str, draft: Draft, by: User, now: datetime, **more: str | int) -> None:
    payload = {"draft": draft.pk, "process": draft.process_key, "name": draft.name, **more}
    record([LedgerEvent(kind, now, actor_id=by.pk, payload=payload)])
