"""Statements over whole imports, built from a kind's fields: insert, update, restore, remove, tell the ledger."""

from __future__ import annotations

from typing import Final

from django.apps import apps
from django.db.models.fields.reverse_related import ForeignObjectRel

from kniga.imports.fields import Field, KindSpec
from kniga.imports.references import BOOKS

CREATED: Final = "imports_importrow r WHERE r.job_id = %(job)s AND r.action = 'create'"
CHANGES: Final = """(SELECT jsonb_object_agg(c.field, jsonb_build_array(c.change -> 0, c.change -> 1))
    FROM jsonb_each(r.changes) AS c (field, change) WHERE left(c.field, 1) <> '_')"""
"""SQL of a row's changes as the ledger tells them: {field: [before, after]}, without derived columns."""
UPDATED: Final = "r.job_id = %(job)s AND r.action = 'update'"


def written(spec: KindSpec) -> list[Field]:
    """The fields that are written straight into a column."""
    return [field for field in spec.fields if field.column]


def value_sql(field: Field) -> str:
    """SQL of a new row's value for a field's column."""
    if field.reference:
        return f"(r.values ->> '{field.key}_id')::bigint"
    text = f"r.values ->> '{field.key}'"
    if field.cast == "text":
        return text if field.nullable else f"coalesce({text}, '')"
    return f"({text})::{field.cast}"


def current_sql(spec: KindSpec) -> str:
    """SELECT of the present values, for `= ANY(ids)`: id, then each compared field (with its id for a reference),
    then the derived columns."""
    columns = ["t.id"]
    for field in compared(spec):
        columns.append(present_value(field))
        if field.reference:
            columns.append(f"t.{field.column}" if field.column else "NULL")
    columns.extend(f"t.{name}" for name, _cast in spec.derived)
    return f"SELECT {', '.join(columns)} FROM {spec.table} t WHERE t.id = ANY(%(ids)s::bigint[])"


def compared(spec: KindSpec) -> list[Field]:
    """The fields whose present values are read."""
    return [field for field in spec.fields if field.is_compared]


def present_value(field: Field) -> str:
    """SQL of what an object shows for a field (alias t)."""
    if field.select:
        return field.select
    if field.reference:
        return f"(SELECT n.name FROM {BOOKS[field.reference].table} n WHERE n.id = t.{field.column})"
    return f't."{field.column}"'


def insert(spec: KindSpec, further: dict[str, str]) -> str:
    """INSERT of all rows to be created; `further` are columns with the SQL of their values."""
    columns = {f'"{field.column}"': value_sql(field) for field in written(spec)}
    columns |= {f'"{name}"': f"(r.values ->> '{name}')::{cast}" for name, cast in spec.derived}
    columns |= {f'"{name}"': sql for name, sql in further.items()}
    names, values = ", ".join(['"id"', *columns]), ", ".join(["r.target_id", *columns.values()])
    return f"INSERT INTO {spec.table} ({names}) SELECT {values} FROM {CREATED} ORDER BY r.number"


def update(spec: KindSpec, *, restore: bool = False) -> str:
    """UPDATE of all rows to be updated; with `restore`, back to the values before the import."""
    parts = []
    for field in written(spec):
        if field.is_fixed or not field.is_compared:
            continue
        new = _before(field.key, field.cast, bool(field.reference)) if restore else value_sql(field)
        parts.append(f'"{field.column}" = CASE WHEN r.changes ? \'{field.key}\' THEN {new} ELSE t."{field.column}" END')
    for name, cast in spec.derived:
        new = _before(f"_{name}", cast, False) if restore else f"(r.values ->> '{name}')::{cast}"
        parts.append(f'"{name}" = CASE WHEN r.changes ? \'_{name}\' THEN {new} ELSE t."{name}" END')
    if spec.has_revision:
        parts.extend(["revision = t.revision + 1", "updated_at = %(now)s"])
    condition = "t.id = ANY(%(ids)s::bigint[])" if restore else "true"
    return (
        f"UPDATE {spec.table} t SET {', '.join(parts)} FROM imports_importrow r "
        f"WHERE {UPDATED} AND r.target_id = t.id AND {condition}"
    )


def _before(key: str, cast: str, is_reference: bool) -> str:
    return f"(r.changes -> '{key}' ->> {2 if is_reference else 0})::{'bigint' if is_reference else cast}"


def remember(spec: KindSpec) -> str:
    """Note the state of every written object, by which undo sees whether it was touched."""
    return (
        f"UPDATE imports_importrow r SET fingerprint = md5(({spec.watched})::text) FROM {spec.table} t "
        "WHERE r.job_id = %(job)s AND r.action IN ('create', 'update') AND t.id = r.target_id"
    )


def untouched(spec: KindSpec, action: str) -> str:
    """SELECT of the ids of created or updated objects that nobody has touched since."""
    return (
        f"SELECT t.id FROM imports_importrow r JOIN {spec.table} t ON t.id = r.target_id "
        f"WHERE r.job_id = %(job)s AND r.action = '{action}' AND r.fingerprint = md5(({spec.watched})::text)"
    )


def referenced_by_others(table: str, own: tuple[str, ...]) -> str:
    """A condition that is true for a row (alias t) of `table` which anything outside the tables `own` refers to."""
    # Asked of the models: the busiest tables refer to others without a constraint in the database.
    places = sorted(
        (relation.field.model._meta.db_table, relation.field.column)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table == table
        for relation in model._meta.get_fields(include_hidden=True)
        if isinstance(relation, ForeignObjectRel) and not relation.many_to_many
    )
    tests = [
        f'EXISTS (SELECT FROM {place} x WHERE x."{column}" = t.id)'
        for place, column in places
        if place not in (table, *own)
    ]
    return f"({' OR '.join(tests)})" if tests else "false"


def tell(kind: str, *, payload: str, action: str, at: str = "%(now)s", client: str = "NULL", deal: str = "NULL") -> str:
    """INSERT of one ledger event per row of an action (alias r); the arguments are SQL."""
    return f"""
INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, payload)
SELECT {at}, '{kind}', %(actor)s::bigint, {client}, {deal}, {payload} || jsonb_build_object('import', r.job_id)
FROM imports_importrow r WHERE r.job_id = %(job)s AND r.action = '{action}' ORDER BY r.number
"""
