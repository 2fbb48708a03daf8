"""Takes a whole import back: what it made goes, what it changed gets its old values, unless touched since."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from kniga.imports import events, sets
from kniga.imports.kinds import IMPORTERS
from kniga.imports.kinds.importer import Importer
from kniga.imports.models import ImportJob, JobStatus
from kniga.imports.options import options_of
from kniga.imports.references import References
from kniga.imports.run import Run
from kniga.imports.services import lock_kind, tell_job
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform.errors import Conflict

_KEPT_SHOWN: Final = 200
_LEAVES_FIRST: Final = (
    "people_team", "people_user", "people_branch", "catalog_product", "clients_client", "clients_industry",
    "clients_region", "clients_source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Undone:
    """How many were removed and restored; `kept` rows (the first 200) could not be: row number and reason."""

    removed: int
    restored: int
    kept_count: int
    kept: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What taking an import back would do now: how many records go, get their old values, stay as they are."""

    removed: int
    restored: int
    kept: int


def forecast_undo(*, job: ImportJob, by: User, now: datetime) -> Forecast:
    """What `undo_job` would do, changing nothing. Raises Refused `not_allowed`."""
    require(by, Act.IMPORT)
    run = _run(job, by, now)
    restored = len(run.fetch(sets.untouched(run.spec, "update")))
    candidates = [row[0] for row in run.fetch(sets.untouched(run.spec, "create"))]
    removed = len(run.fetch(_free(run, IMPORTERS[job.kind](run)), {"ids": candidates})) if candidates else 0
    return Forecast(removed, restored, _left(run) - removed - restored)


@transaction.atomic
def undo_job(*, job: ImportJob, by: User | None, now: datetime) -> Undone:
    """Take an applied import back, in one transaction.

    Objects that were changed since, or that others refer to by now, are kept and listed. Raises Conflict
    `not_applied`, Refused `not_allowed`."""
    if by is not None:
        require(by, Act.IMPORT)
    lock_kind(job.kind)
    job = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if job.status != JobStatus.APPLIED:
        raise Conflict("not_applied", _("Only an applied import can be undone."))
    run = _run(job, by, now)
    importer = IMPORTERS[job.kind](run)
    restored = _restore(run, importer)
    removed = _remove(run, importer)
    _remove_made(run)
    undone = _outcome(run, restored, removed)
    job.status, job.undone_at, job.undone_by = JobStatus.UNDONE, now, by
    job.report = {**job.report, "undone": asdict(undone)}
    job.save()
    tell_job(events.JOB_UNDONE, job, by, now, {"removed": removed, "restored": restored, "kept": undone.kept_count})
    return undone


def _run(job: ImportJob, by: User | None, now: datetime) -> Run:
    options = options_of(job.options)
    table: Any = None
    return Run(
        job, IMPORTERS[job.kind].spec, table, options, References(options, True, now), now, by.pk if by else None
    )


def _restore(run: Run, importer: Importer) -> int:
    ids = [row[0] for row in run.fetch(sets.untouched(run.spec, "update"))]
    if not ids:
        return 0
    run.execute(sets.update(run.spec, restore=True), {"ids": ids})
    importer.after_restore(ids)
    run.execute(_RESTORED, {"ids": ids, "kind": run.spec.changed})
    _done(run, ids)
    return len(ids)


def _remove(run: Run, importer: Importer) -> int:
    table = run.spec.table
    candidates = [row[0] for row in run.fetch(sets.untouched(run.spec, "create"))]
    if not candidates:
        return 0
    ids = [row[0] for row in run.fetch(_free(run, importer), {"ids": candidates})]
    importer.before_remove(ids)
    for part, condition in importer.parts.items():
        run.execute(f"DELETE FROM {part} WHERE {condition}", {"ids": ids})
    run.execute(_REMOVED, {"ids": ids, "kind": run.spec.removed})
    run.execute(f"DELETE FROM {table} WHERE id = ANY(%(ids)s::bigint[])", {"ids": ids})
    importer.after_remove()
    _done(run, ids)
    return len(ids)


def _free(run: Run, importer: Importer) -> str:
    """SELECT of the objects among `ids` that nothing but what this import made refers to."""
    made = tuple(name for name in ("people_team",) if name in run.job.made)
    used = sets.referenced_by_others(run.spec.table, (*importer.parts, *made, "imports_importjob"))
    return f"SELECT t.id FROM {run.spec.table} t WHERE t.id = ANY(%(ids)s::bigint[]) AND NOT {used}"


def _remove_made(run: Run) -> None:
    """Entries made beside the rows go as far as nothing refers to them."""
    for table in _LEAVES_FIRST:
        ids = run.job.made.get(table)
        if not ids:
            continue
        if table == "people_user":
            run.execute("UPDATE people_team SET lead_id = NULL WHERE lead_id = ANY(%(ids)s::bigint[])", {"ids": ids})
        if table == "people_team":
            run.execute(_LEAVE_TEAMS, {"ids": ids, "people": run.job.made.get("people_user", [])})
        parts = ("clients_ownership",) if table == "clients_client" else ()
        used = sets.referenced_by_others(table, parts)
        for part in parts:
            free = f"SELECT t.id FROM {table} t WHERE t.id = ANY(%(ids)s::bigint[]) AND NOT {used}"
            run.execute(f"DELETE FROM {part} WHERE client_id IN ({free})", {"ids": ids})
        run.execute(f"DELETE FROM {table} t WHERE t.id = ANY(%(ids)s::bigint[]) AND NOT {used}", {"ids": ids})


def _done(run: Run, ids: list[int]) -> None:
    run.execute(
        "UPDATE imports_importrow SET fingerprint = NULL WHERE job_id = %(job)s AND target_id = ANY(%(ids)s::bigint[])",
        {"ids": ids},
    )


def _outcome(run: Run, restored: int, removed: int) -> Undone:
    text = _("changed or used since the import")
    kept = [
        {"row": number, "action": action, "name": name, "text": text}
        for number, action, name in run.fetch(_KEPT, {"limit": _KEPT_SHOWN})
    ]
    return Undone(removed, restored, _left(run), kept)


def _left(run: Run) -> int:
    """How many of the written rows are not taken back (yet)."""
    return int(run.fetch(_KEPT_COUNT)[0][0])


_CLIENT: Final = "CASE WHEN j.kind = 'clients' THEN r.target_id ELSE (r.values ->> 'client_id')::bigint END"
_DEAL: Final = "CASE WHEN j.kind = 'deals' THEN r.target_id END"
_RESTORED: Final = f"""
INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, payload)
SELECT %(now)s, %(kind)s::text, %(actor)s::bigint, {_CLIENT}, {_DEAL},
       jsonb_build_object('undone', r.job_id, 'id', r.target_id, 'name', r.values ->> 'name', 'changes',
           (SELECT jsonb_object_agg(c.field, jsonb_build_array(c.change -> 1, c.change -> 0))
            FROM jsonb_each(r.changes) AS c (field, change) WHERE left(c.field, 1) <> '_'))
FROM imports_importrow r JOIN imports_importjob j ON j.id = r.job_id
WHERE r.job_id = %(job)s AND r.action = 'update' AND r.target_id = ANY(%(ids)s::bigint[])
"""
_REMOVED: Final = f"""
INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, payload)
SELECT %(now)s, %(kind)s::text, %(actor)s::bigint, {_CLIENT}, {_DEAL},
       jsonb_build_object('undone', r.job_id, 'id', r.target_id, 'name', r.values ->> 'name')
FROM imports_importrow r JOIN imports_importjob j ON j.id = r.job_id
WHERE r.job_id = %(job)s AND r.action = 'create' AND r.target_id = ANY(%(ids)s::bigint[])
"""
_LEAVE_TEAMS: Final = """
UPDATE people_user SET team_id = NULL WHERE team_id = ANY(%(ids)s::bigint[]) AND id = ANY(%(people)s::bigint[])
"""
_KEPT_COUNT: Final = """
SELECT count(*) FROM imports_importrow WHERE job_id = %(job)s AND action IN ('create', 'update')
    AND fingerprint IS NOT NULL
"""
_KEPT: Final = """
SELECT number, action, coalesce(values ->> 'name', values ->> 'external_key', '') FROM imports_importrow
WHERE job_id = %(job)s AND action IN ('create', 'update') AND fingerprint IS NOT NULL ORDER BY number LIMIT %(limit)s
"""
