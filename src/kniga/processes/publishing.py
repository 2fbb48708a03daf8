"""Versions of processes: a BPMN file is taken in as a draft, checked, and published."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from kniga.deals.models import LossReason, Pipeline, Stage
from kniga.engine import BpmnRefused, Definition, EndEvent, Problem, check, compile_bpmn
from kniga.people.models import User
from kniga.people.permissions import Act, may
from kniga.platform.errors import Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.processes.actions.names import KNOWN_ACTIONS
from kniga.processes.models import Process, ProcessKind, ProcessVersion, VersionStatus

BOOKS: Final = Path(__file__).resolve().parent / "books"


class BookRefused(Refused):
    """A process file that cannot be taken or published; `problems` names each element, place and cure."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__("process_refused", " ".join(first.said(_)), field="file")
        self.problems = tuple(problems)


def upload_version(*, xml: bytes, note: str, by: User | None, now: datetime) -> ProcessVersion:
    """Keep a BPMN file as the next draft of its process (made when new; the key is the BPMN process id).

    The same file as the latest version gives that version again. Raises BookRefused, Refused."""
    if by is not None and not may(by, Act.EDIT_BOOK):
        raise Refused("not_allowed", _("Only the head of sales may change the sales book."))
    definition = compiled(xml)
    checksum = hashlib.sha256(xml).hexdigest()
    with transaction.atomic():
        process = _process_of(definition, now)
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

    `note` says what has changed; an empty one keeps the note of the upload.

    Raises BookRefused with every error of `check` (warnings do not hinder), Refused when it is not allowed."""
    if by is not None and not may(by, Act.EDIT_BOOK):
        raise Refused("not_allowed", _("Only the head of sales may change the sales book."))
    with transaction.atomic():
        version = ProcessVersion.objects.select_for_update().select_related("process__pipeline").get(pk=version_id)
        if version.status == VersionStatus.PUBLISHED:
            return version
        definition = compiled(bytes(version.xml))
        errors = [problem for problem in check(definition) if problem.severity == "error"]
        if errors:
            raise BookRefused(errors)
        version.process.versions.filter(status=VersionStatus.PUBLISHED).update(status=VersionStatus.RETIRED)
        version.status, version.published_at, version.published_by = VersionStatus.PUBLISHED, now, by
        version.note = note or version.note
        version.save(update_fields=["status", "published_at", "published_by", "note"])
        Process.objects.filter(pk=version.process_id).update(name=definition.name, is_active=True)
        _keep_stages(version.process.pipeline, definition)
        _keep_loss_reasons(definition)
        _tell("processes.version.published", version, by, now)
    return version


def install_books(*, language: str, by: User | None, now: datetime) -> list[ProcessVersion]:
    """Upload and publish the sales books that ship with Kniga in `language` (ru or en)."""
    versions = []
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


def _process_of(definition: Definition, now: datetime) -> Process:
    process = Process.objects.select_for_update().filter(key=definition.process_id).first()
    if process is not None:
        return process
    kind = definition.kind if definition.kind in ProcessKind.values else ProcessKind.SALE
    pipeline, _made = Pipeline.objects.get_or_create(key=definition.process_id, defaults={"name": definition.name})
    return Process.objects.create(
        key=definition.process_id, name=definition.name, kind=kind, pipeline=pipeline, created_at=now
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


def _tell(kind: str, version: ProcessVersion, by: User | None, now: datetime) -> None:
    payload = {"process": version.process.key, "version": version.number}
    record([LedgerEvent(kind, now, actor_id=None if by is None else by.pk, payload=payload)])
