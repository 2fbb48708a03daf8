"""Decides for every row what is to be done: create, update, nothing, or why it cannot be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
from django.db import connection
from django.utils import timezone

from kniga.imports import sets
from kniga.imports.cells import Draft, MappedColumn, draft_of, mapped_columns
from kniga.imports.fields import Field, Type
from kniga.imports.kinds import IMPORTERS
from kniga.imports.kinds.importer import Importer
from kniga.imports.references import Unknown
from kniga.imports.repeats import mark_repeats
from kniga.imports.run import Run
from kniga.platform.errors import Refused
from kniga.platform.said import said as _

BATCH: Final = 2000
_COLUMNS: Final = "job_id, number, action, key, marks, values, changes, reasons, target_id"
T = TypeVar("T")


def plan(run: Run) -> Importer:
    """Write one ImportRow per row of the file, replacing those of an earlier check.

    Raises Refused for what concerns the file as a whole: a required field without column, dates or numbers that
    may be read in two ways, a process that is missing."""
    columns = mapped_columns(run.table, run.spec, run.options)
    _check_columns(run, columns)
    importer = IMPORTERS[run.spec.key](run)
    run.execute("DELETE FROM imports_importrow WHERE job_id = %(job)s")
    importer.begin()
    keys = _key_fields(run, columns)
    references = [mapped for mapped in columns if mapped.field.reference]
    done = 0
    for rows in _batches(run.table.rows(), BATCH):
        drafts = [draft_of(row, columns) for row in rows]
        _resolve(run, drafts, references)
        importer.complete(drafts)
        _match(run, importer, drafts, keys)
        if run.makes:
            _number_new(run, drafts)
        _copy(run, drafts)
        done += len(drafts)
        run.progress("check", done, run.table.row_count)
    mark_repeats(run)
    importer.end()
    _keep_used(run, references)
    return importer


def _check_columns(run: Run, columns: Sequence[MappedColumn]) -> None:
    given = {mapped.field.key for mapped in columns}
    for field in run.spec.fields:
        if field.required and field.key not in given:
            text = _("No column gives “%(field)s”, which every row needs. Say which one does.")
            raise Refused("required_field", text % {"field": field.label}, field=f"mapping/{field.key}")
    for mapped in columns:
        profile, name = mapped.column.profile, mapped.column.name
        if mapped.field.type is Type.DATE and profile.content == "date" and not run.options.date_order:
            if profile.is_mixed:
                text = _(
                    "Column “%(name)s” mixes dates with the day first and with the month first. Say which order holds."
                )
                raise Refused("mixed_dates", text % {"name": name}, field="date_order")
            if profile.is_ambiguous:
                text = _("The dates of column “%(name)s” can be read day first or month first. Say which order holds.")
                raise Refused("ambiguous_dates", text % {"name": name}, field="date_order")
        if mapped.field.type in {Type.MONEY, Type.INTEGER} and profile.is_ambiguous and not run.options.number_style:
            text = _("In column “%(name)s” the comma or point may mark thousands or decimals. Say which.")
            raise Refused("ambiguous_numbers", text % {"name": name}, field="number_style")


def _key_fields(run: Run, columns: Sequence[MappedColumn]) -> list[str]:
    given = {mapped.field.key for mapped in columns}
    wanted = run.options.key
    if wanted:
        if wanted not in (*run.spec.keys, *run.spec.offered_keys):
            known = ", ".join((*run.spec.keys, *run.spec.offered_keys))
            raise Refused("unknown_key", _("Rows can be matched by: %(known)s.") % {"known": known}, field="key")
        return [wanted]
    return [key for key in run.spec.keys if key in given or key == "name"]


def _resolve(run: Run, drafts: Sequence[Draft], references: Sequence[MappedColumn]) -> None:
    for mapped in references:
        field, kind = mapped.field.key, mapped.field.reference or ""
        texts = {draft.values[field] for draft in drafts if field in draft.values}
        if kind == "client":
            run.references.prefetch_clients(texts)
        for draft in drafts:
            text = draft.values.get(field)
            if text is None:
                continue
            meant = run.references.resolve(kind, text)
            if isinstance(meant, Unknown):
                draft.refuse("error", f"unknown_{kind}", _unknown_text(meant), mapped.column.name)
            else:
                draft.values[field] = meant.name
                draft.values[f"{field}_id"] = meant.id


def _keep_used(run: Run, references: Sequence[MappedColumn]) -> None:
    """Only rows that are applied bring new entries: which they are is known when all rows are decided."""
    sql = """
SELECT DISTINCT values ->> %(field)s FROM imports_importrow
WHERE job_id = %(job)s AND action NOT IN ('error', 'conflict', 'skip') AND values ->> %(field)s IS NOT NULL
"""
    used: dict[str, set[str]] = defaultdict(set)
    for mapped in references:
        if mapped.field.reference in run.references.new:
            used[mapped.field.reference].update(row[0] for row in run.fetch(sql, {"field": mapped.field.key}))
    for reference, names in used.items():
        run.references.keep_used(reference, names)


def _unknown_text(unknown: Unknown) -> str:
    if unknown.suggestion:
        text = _("“%(text)s” is not known; “%(suggestion)s” may be meant: confirm it")
        return text % {"text": unknown.text, "suggestion": unknown.suggestion}
    return _("“%(text)s” is not known") % {"text": unknown.text}


def _match(run: Run, importer: Importer, drafts: Sequence[Draft], keys: Sequence[str]) -> None:
    wanted: dict[str, dict[str, list[Draft]]] = defaultdict(lambda: defaultdict(list))
    for draft in drafts:
        if draft.action == "error":
            continue
        for field in keys:
            key = importer.key_of(field, draft)
            if key:
                draft.key = f"{field}:{key}"
                wanted[field][key].append(draft)
                break
        else:
            if run.options.key:
                draft.refuse("error", "no_key", _("the cell by which rows are matched is empty"))
    for field, by_key in wanted.items():
        found: dict[str, set[int]] = defaultdict(set)
        for key, id_ in run.fetch(importer.key_sql[field], {"keys": list(by_key)}):
            found[key].add(id_)
        for key, ids in found.items():
            for draft in by_key.get(key, ()):
                _take(draft, ids)
    run.sight.refuse_foreign(run, drafts)
    _compare_present(run, importer, [draft for draft in drafts if draft.target_id is not None])
    new = [draft for draft in drafts if draft.target_id is None and not draft.action]
    for draft in new:
        draft.action = "create"
    importer.decide_new(new)
    for draft in new:
        if draft.is_sparse and draft.action == "create":
            draft.warn("sparse", _("only one cell of this row holds anything: is it broken off?"))
    run.sight.give_owner(run, new)


def _take(draft: Draft, ids: set[int]) -> None:
    if len(ids) > 1:
        text = _("%(count)d present records have this key: choose another key or merge them first")
        draft.refuse("conflict", "several", text % {"count": len(ids)})
    else:
        draft.target_id = next(iter(ids))


def _compare_present(run: Run, importer: Importer, drafts: Sequence[Draft]) -> None:
    if not drafts:
        return
    fields = sets.compared(run.spec)
    parameters = {"ids": [draft.target_id for draft in drafts], "tz": timezone.get_current_timezone_name()}
    present = {row[0]: row for row in run.fetch(sets.current_sql(run.spec), _timed(run, importer, parameters))}
    for draft in drafts:
        if draft.target_id in present:
            _compare(run, importer, draft, fields, iter(present[draft.target_id][1:]))
            importer.decide_present(draft)
        if not draft.action:
            draft.action = "update" if draft.changes else "same"


def _timed(run: Run, importer: Importer, parameters: dict[str, Any]) -> dict[str, Any]:
    zone = getattr(importer, "zone", None)
    return parameters if zone is None else {**parameters, "tz": str(zone)}


def _compare(run: Run, importer: Importer, draft: Draft, fields: Sequence[Field], row: Iterator[Any]) -> None:
    for field in fields:
        before = _plain(next(row))
        before_id = next(row) if field.reference else None
        after = draft.values.get(field.key)
        if after is None or (field.many and not after):
            continue
        if field.many:
            further = [one for one in after if one not in before]
            if further:
                draft.changes[field.key] = [before, [*before, *further]]
        elif not importer.compare(draft, field.key, before, after):
            if not field.is_fixed:
                draft.changes[field.key] = [before, after, before_id]
            elif not run.options.keep_present:
                text = _("%(field)s here is “%(before)s”, in the file “%(after)s”; an import does not change it")
                values = {"field": field.label, "before": before or "—", "after": after}
                draft.refuse("conflict", "fixed", text % values)
    for name, _cast in run.spec.derived:
        before, after = _plain(next(row)), draft.values.get(name)
        if "name" in draft.changes and after is not None and before != after:
            draft.changes[f"_{name}"] = [before, after]


def _plain(value: Any) -> Any:
    """A value from the database in the form the cells of a file take."""
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


def _number_new(run: Run, drafts: Sequence[Draft]) -> None:
    """Give every row to be created the id of its object, before it is written for the first time."""
    new = [draft for draft in drafts if draft.action == "create"]
    sql = "SELECT nextval(pg_get_serial_sequence(%(table)s, 'id')) FROM generate_series(1, %(count)s)"
    ids = run.fetch(sql, {"table": run.spec.table, "count": len(new)})
    for draft, (id_,) in zip(new, ids, strict=True):
        draft.target_id = id_


def _copy(run: Run, drafts: Sequence[Draft]) -> None:
    def packed(value: object) -> str:
        return msgspec.json.encode(value, enc_hook=str).decode()

    with connection.cursor() as cursor, cursor.copy(f"COPY imports_importrow ({_COLUMNS}) FROM STDIN") as copy:
        for draft in drafts:
            parts = [packed(value) for value in (draft.marks, draft.values, draft.changes, draft.reasons)]
            copy.write_row([run.job.pk, draft.number, draft.action, draft.key, *parts, draft.target_id])


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
