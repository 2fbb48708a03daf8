"""Processes and their versions as lists need them. Everybody who works here may read the book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kniga.engine import Definition, Problem
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.platform.sqlparts import rows_of
from kniga.processes.actions.named_templates import unknown_templates
from kniga.processes.models import ProcessVersion, VersionStatus
from kniga.processes.versions.checking import Checked, check_of
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.name_lengths import too_long_names
from kniga.processes.versions.named_processes import uncallable_processes
from kniga.processes.versions.unkept import unkept_promises


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process; `published` is the number of the version new deals start on, None before the first, `newest` that of
    the version to copy (that one, else the latest); `running` counts the deals in work that the reader sees, without
    what other processes call. `branch` is "" for everybody's. The version `scheduled` will be published by itself at
    `publish_at`."""

    key: str
    name: str
    kind: str
    is_active: bool
    published: int | None
    versions: int
    running: int
    newest: int | None
    branch: str
    scheduled: int | None
    publish_at: datetime | None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a process; `running` counts what is on it now of the deals that the reader sees, `verdict` is what
    its check said (sound, unsound, not_proved; "" before the first). It will be published by itself at `publish_at`, as
    `publish_by` wishes."""

    id: int
    process: str
    number: int
    status: str
    note: str
    checksum: str
    created_at: datetime
    created_by: str
    published_at: datetime | None
    running: int
    verdict: str
    publish_at: datetime | None
    publish_by: str


_SEEN = """
    AND (%(owners)s::bigint[] IS NULL
         OR EXISTS (SELECT FROM deals_deal d WHERE d.id = i.deal_id AND d.owner_id = ANY(%(owners)s::bigint[])))
"""
_PROCESSES = f"""
SELECT p.key, p.name, p.kind, p.is_active, max(v.number) FILTER (WHERE v.status = 'published'), count(v.id),
       coalesce(sum((SELECT count(*) FROM processes_instance i
                     WHERE i.version_id = v.id AND i.status IN ('running', 'suspended')
                       AND i.parent_token IS NULL {_SEEN})), 0),
       coalesce(max(v.number) FILTER (WHERE v.status = 'published'), max(v.number)), coalesce(b.name, ''),
       (array_agg(v.number ORDER BY v.publish_at) FILTER (WHERE v.publish_at IS NOT NULL))[1], min(v.publish_at)
FROM processes_process p LEFT JOIN processes_processversion v ON v.process_id = p.id
LEFT JOIN people_branch b ON b.id = p.branch_id
GROUP BY p.id, b.name ORDER BY p.is_active DESC, p.name, p.id
"""
_VERSIONS = f"""
SELECT v.id, p.key, v.number, v.status, v.note, v.checksum, v.created_at, coalesce(u.name, ''), v.published_at,
       (SELECT count(*) FROM processes_instance i
        WHERE i.version_id = v.id AND i.status IN ('running', 'suspended') {_SEEN}),
       v.verdict, v.publish_at, coalesce(w.name, '')
FROM processes_processversion v JOIN processes_process p ON p.id = v.process_id
LEFT JOIN people_user u ON u.id = v.created_by_id
LEFT JOIN people_user w ON w.id = v.publish_by_id
WHERE p.key = %(key)s AND (%(number)s::integer IS NULL OR v.number = %(number)s) ORDER BY v.number DESC
"""


def process_rows(*, user: User | None) -> tuple[ProcessRow, ...]:
    """All processes, the ones in use first. `user` None is the command line."""
    return tuple(
        ProcessRow(*[*row[:6], int(row[6]), *row[7:]]) for row in rows_of(_PROCESSES, {"owners": _owners(user)})
    )


def version_rows(*, user: User, process_key: str) -> tuple[VersionRow, ...]:
    """The versions of a process, newest first. Raises NotVisible for an unknown process."""
    found = _versions(user, process_key, None)
    if not found:
        raise NotVisible
    return found


def get_version_row(*, user: User, process_key: str, number: int) -> VersionRow:
    """One version of a process. Raises NotVisible."""
    found = _versions(user, process_key, number)
    if not found:
        raise NotVisible
    return found[0]


def version_xml(*, user: User, version_id: int) -> bytes:
    """The BPMN file of a version, as it was given. Raises NotVisible."""
    found = ProcessVersion.objects.filter(pk=version_id).values_list("xml", flat=True).first()
    if found is None:
        raise NotVisible
    return bytes(found)


def version_files(*, user: User, version_ids: Sequence[int]) -> dict[int, bytes]:
    """The BPMN files of several versions by their ids, in one statement."""
    found = ProcessVersion.objects.filter(pk__in=version_ids).values_list("pk", "xml")
    return {id: bytes(xml) for id, xml in found}


def lacking_at_present(definition: Definition) -> tuple[Problem, ...]:
    """What speaks against a definition here and now, not by itself."""
    missing = (*unknown_templates(definition), *uncallable_processes(definition), *unkept_promises(definition))
    return (*too_long_names(definition), *missing)


def get_check(*, user: User, version_id: int) -> Checked:
    """What the last check of a version said, or what one says now, with what it lacks at present: document templates
    and called processes that are not there, and what Kniga does not act on yet (of a retired version nobody needs
    that). Raises NotVisible."""
    version = ProcessVersion.objects.defer("xml").filter(pk=version_id).first()
    if version is None:
        raise NotVisible
    checked = check_of(version)
    if version.status == VersionStatus.RETIRED:
        return checked
    lacking = lacking_at_present(runnable_version(version.pk).definition)
    return replace(checked, problems=(*checked.problems, *lacking)) if lacking else checked


def _versions(user: User, process_key: str, number: int | None) -> tuple[VersionRow, ...]:
    found = rows_of(_VERSIONS, {"key": process_key, "number": number, "owners": _owners(user)})
    return tuple(VersionRow(*row) for row in found)


def _owners(user: User | None) -> list[int] | None:
    return None if user is None else visible_owner_ids(user, Entity.DEAL)
