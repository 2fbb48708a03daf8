"""Versions of processes: a BPMN file is taken in as a draft, checked, and published."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.deals.models import LossReason, Pipeline, Stage
from kniga.engine import BpmnRefused, Definition, EndEvent, Problem, compile_bpmn
from kniga.people.models import Branch, User
from kniga.people.permissions import Act, may
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.processes.actions.named_templates import unknown_templates
from kniga.processes.actions.names import KNOWN_ACTIONS
from kniga.processes.background.self_starts import forget_starts, schedule_starts
from kniga.processes.models import Process, ProcessKind, ProcessVersion, VersionStatus
from kniga.processes.versions.checking import Checked, check_definition, check_of, dump_problems
from kniga.processes.versions.name_lengths import too_long_names
from kniga.processes.versions.named_processes import uncallable_processes
from kniga.processes.versions.published import as_one_change, tell_keepers
from kniga.processes.versions.unpublished import drop_overtaken

BOOKS: Final = Path(__file__).resolve().parent.parent / "books"


class BookRefused(Refused):
    """A process file that cannot be taken or published; `problems` names each element, place and cure."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__("process_refused", " ".join(first.said(_, get_language())), field="file")
        self.problems = tuple(problems)


def upload_version(
    *, xml: bytes, note: str, by: User | None, now: datetime, branch: Branch | None = None
) -> ProcessVersion:
    """Keep a BPMN file as the next draft of its process (made when new, for all branches or for one; the key is the
    BPMN process id).

    The same file as the latest version gives that version again. Raises BookRefused, Refused."""
    require_head(by)
    definition = compiled(xml)
    if too_long := too_long_names(definition):
        raise BookRefused(too_long)
    checksum = hashlib.sha256(xml).hexdigest()
    with transaction.atomic():
        process = _process_of(definition, branch, now)
        latest = process.versions.order_by("-number").first()
        if latest is not None and latest.checksum == checksum:
            return latest
        number = (process.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        version = ProcessVersion.objects.create(
            process=process,
            number=number,
            xml=xml,
            checksum=checksum,
            note=note,
            created_at=now,
            created_by=by,
        )
        _tell("processes.version.uploaded", version, by, now)
    return version


def publish_version(*, version_id: int, by: User | None, now: datetime, note: str = "") -> ProcessVersion:
    """Make a version the one new deals start on; the one before is retired, running deals stay on theirs.

    A version that was not checked yet is checked first. `note` says what has changed; an empty one keeps the note of
    the upload.

    Raises BookRefused with every error of the check (warnings do not hinder, nor does "not proved") and with every
    document template and called process that is not there, Refused when it is not allowed."""
    require_head(by)
    with transaction.atomic():
        version = get_locked_version(version_id)
        if version.status == VersionStatus.PUBLISHED:
            return version
        definition = publishable(version, by=by, now=now)
        before = version.process.versions.filter(status=VersionStatus.PUBLISHED)
        before.update(status=VersionStatus.RETIRED, retired_at=now)
        version.status, version.published_at, version.published_by = VersionStatus.PUBLISHED, now, by
        version.note, version.retired_at, version.publish_at = note or version.note, None, None
        version.save(update_fields=["status", "published_at", "published_by", "note", "retired_at", "publish_at"])
        Process.objects.filter(pk=version.process_id).update(name=definition.name, is_active=True)
        _keep_stages(version.process.pipeline, definition)
        _keep_loss_reasons(definition)
        schedule_starts(version=version, definition=definition, now=now)
        drop_overtaken(version=version, now=now)
        _tell("processes.version.published", version, by, now)
        tell_keepers(by=by, now=now)
    return version


def publishable(version: ProcessVersion, *, by: User | None, now: datetime) -> Definition:
    """The definition of a version that may be published as things stand; its verdict is kept. Raises BookRefused."""
    definition = compiled(bytes(version.xml))
    checked = _checked(version, definition, by, now)
    errors = (
        *checked.errors,
        *too_long_names(definition),
        *unknown_templates(definition),
        *uncallable_processes(definition),
    )
    if errors:
        raise BookRefused(errors)
    return definition


def check_version(*, version_id: int, by: User | None, now: datetime) -> ProcessVersion:
    """Check a version and keep what the check says with it; a draft without errors becomes checked.

    A version that was checked keeps its verdict: its file does not change. Raises BookRefused for a file that does
    not compile any more, Refused when it is not allowed."""
    require_head(by)
    with transaction.atomic():
        version = get_locked_version(version_id)
        _checked(version, compiled(bytes(version.xml)), by, now)
    return version


def retire_version(*, version_id: int, reason: str = "", by: User | None, now: datetime) -> ProcessVersion:
    """Let no new deal start on the published version; running deals stay on it.

    Raises Refused `not_published` for any other, and when it is not allowed."""
    require_head(by)
    with transaction.atomic():
        version = get_locked_version(version_id)
        if version.status != VersionStatus.PUBLISHED:
            raise Refused("not_published", _("Only a published version can be retired."))
        version.status, version.retired_at = VersionStatus.RETIRED, now
        version.save(update_fields=["status", "retired_at"])
        forget_starts(version_id=version.pk)
        _tell("processes.version.retired", version, by, now, reason=reason)
        tell_keepers(by=by, now=now)
    return version


def install_books(*, language: str, by: User | None, now: datetime) -> list[ProcessVersion]:
    """Upload and publish the sales books that ship with Kniga in `language` (ru or en)."""
    versions = []
    with as_one_change(by=by, now=now):
        for path in sorted(BOOKS.glob(f"*.{language}.bpmn")):
            version = upload_version(xml=path.read_bytes(), note="", by=by, now=now)
            versions.append(publish_version(version_id=version.pk, by=by, now=now))
    return versions


def compiled(xml: bytes) -> Definition:
    """Compile a BPMN file. Raises BookRefused."""
    try:
        return compile_bpmn(xml, actions=KNOWN_ACTIONS)
    except BpmnRefused as refused:
        raise BookRefused(refused.problems) from refused


def require_head(by: User | None) -> None:
    """Refuse whoever may not change the sales book; None is the command line. Raises Refused."""
    if by is not None and not may(by, Act.EDIT_BOOK):
        raise Refused("not_allowed", _("Only the head of sales may change the sales book."))


def get_locked_version(version_id: int) -> ProcessVersion:
    """The version with its process, locked until the transaction ends. Raises NotVisible."""
    found = ProcessVersion.objects.select_for_update(of=("self",)).select_related("process__pipeline")
    version = found.filter(pk=version_id).first()
    if version is None:
        raise NotVisible
    return version


def _checked(version: ProcessVersion, definition: Definition, by: User | None, now: datetime) -> Checked:
    """What the check says, kept with the version from the first time on."""
    if version.verdict:
        return check_of(version)
    checked = check_definition(definition)
    version.verdict, version.check_seconds, version.checked_at = checked.verdict, checked.seconds, now
    version.problems = dump_problems(checked.problems)
    if version.status == VersionStatus.DRAFT and not checked.errors:
        version.status = VersionStatus.CHECKED
    version.save(update_fields=["verdict", "check_seconds", "checked_at", "problems", "status"])
    _tell("processes.version.checked", version, by, now, verdict=checked.verdict)
    return checked


def _process_of(definition: Definition, branch: Branch | None, now: datetime) -> Process:
    process = Process.objects.select_for_update().filter(key=definition.process_id).first()
    if process is not None:
        return process
    kind = definition.kind if definition.kind in ProcessKind.values else ProcessKind.SALE
    pipeline, _made = Pipeline.objects.get_or_create(key=definition.process_id, defaults={"name": definition.name})
    return Process.objects.create(
        key=definition.process_id, name=definition.name, kind=kind, pipeline=pipeline, branch=branch, created_at=now
    )


def _keep_stages(pipeline: Pipeline, definition: Definition) -> None:
    """Stages are matched by key; one the new version lacks stays for the past and goes to the end."""
    Pipeline.objects.filter(pk=pipeline.pk).update(name=definition.name)
    for stage in definition.stages:
        Stage.objects.update_or_create(
            pipeline=pipeline,
            key=stage.key,
            defaults={"name": stage.name, "position": stage.position, "is_active": True},
        )
    gone = pipeline.stages.exclude(key__in=[stage.key for stage in definition.stages])
    for offset, stage_row in enumerate(gone.order_by("position")):
        Stage.objects.filter(pk=stage_row.pk).update(is_active=False, position=len(definition.stages) + offset)


def _keep_loss_reasons(definition: Definition) -> None:
    """Reasons of the book's own become loss reasons, so that a lost deal never lacks the reason the book demanded."""
    asked = {end.reason_from for end in definition.elements.values() if isinstance(end, EndEvent)}
    for task in definition.user_tasks():
        for question in task.questions:
            for choice in question.choices if question.key in asked else ():
                LossReason.objects.get_or_create(
                    key=choice.key, defaults={"name": choice.label, "position": LossReason.objects.count()}
                )


def _tell(kind: str, version: ProcessVersion, by: User | None, now: datetime, **more: str) -> None:
    payload = {"process": version.process.key, "version": version.number, **more}
    record([LedgerEvent(kind, now, actor_id=None if by is None else by.pk, payload=payload)])
