"""Guesses which column gives which field: by the header's words, else by what the cells look like."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from msgspec.structs import replace
from rapidfuzz import fuzz

from kniga.imports.aliases import remember_names
from kniga.imports.fields import Field, KindSpec, Type
from kniga.imports.models import SavedMapping
from kniga.imports.options import Options, options_of
from kniga.imports.tabular.table import Column, Table
from kniga.platform.errors import Refused
from kniga.platform.textkeys import match_key

_LIKELY: Final = 90.0
_BY_CONTENT: Final = {"email": Type.EMAIL, "phone": Type.PHONE}


def guess_mapping(table: Table, spec: KindSpec) -> dict[str, str]:
    """{column name: field key or ''} for every column; a field is given once unless it takes many."""
    mapping = dict.fromkeys((column.name for column in table.columns), "")
    pairs = [
        (_likeness(column, field), -position, column, field)
        for column in table.columns
        for position, field in enumerate(spec.fields)
    ]
    taken: set[str] = set()
    for score, _order, column, field in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
        if score < _LIKELY or mapping[column.name] or (field.key in taken and not field.many):
            continue
        mapping[column.name] = field.key
        taken.add(field.key)
    return mapping


def settle_options(table: Table, spec: KindSpec, given: Options) -> Options:
    """`given` with a complete mapping: what the person said, else what was remembered for this header, else guesses."""
    guessed = guess_mapping(table, spec)
    remembered = remembered_options(table, spec)
    mapping = {**guessed, **(remembered.mapping if remembered else {}), **given.mapping}
    unknown = [column for column in given.mapping if column not in guessed]
    if unknown:
        raise Refused("unknown_column", _unknown_column(unknown[0], table), field="mapping")
    given_fields = set(given.mapping.values())
    for column, field in mapping.items():
        is_guess = column not in given.mapping
        taken_elsewhere = is_guess and field in given_fields and not getattr(spec.field(field), "many", False)
        if taken_elsewhere or (field and spec.field(field) is None):
            mapping[column] = ""
    wrong = [field for field in given_fields if field and spec.field(field) is None]
    if wrong:
        raise Refused("unknown_field", _unknown_field(wrong[0], spec), field="mapping")
    return replace(given, mapping=mapping)


def remember_options(table: Table, spec: KindSpec, options: Options, now: datetime) -> None:
    """Keep how this header was mapped, and what names were confirmed to mean in whatever file they come."""
    stored = Options(mapping=options.mapping, key=options.key, process=options.process, stages=options.stages).stored()
    remember_names(options.confirmed, now)
    SavedMapping.objects.update_or_create(
        kind=spec.key, header=header_of(table), defaults={"options": stored, "saved_at": now}
    )


def remembered_options(table: Table, spec: KindSpec) -> Options | None:
    """How this header was mapped the last time."""
    found = (
        SavedMapping.objects.filter(kind=spec.key, header=header_of(table)).values_list("options", flat=True).first()
    )
    return None if found is None else options_of(found)


def header_of(table: Table) -> str:
    """A fingerprint of the names of the columns."""
    return hashlib.sha256("\x1f".join(column.name for column in table.columns).encode()).hexdigest()


def _likeness(column: Column, field: Field) -> float:
    """0…110: how surely this column gives this field; 110 for one of its own words."""
    key = match_key(column.name)
    if not key:
        return 0.0
    if key in field.synonyms or key == match_key(str(field.label)) or key == match_key(field.key):
        # The earlier word of the list is the more usual one.
        order = field.synonyms.index(key) if key in field.synonyms else 0
        return 110.0 - min(order, 50) / 10
    if _BY_CONTENT.get(column.profile.content) is field.type:
        return 95.0
    return max((fuzz.ratio(key, word) for word in field.synonyms if len(word) > 4), default=0.0)


def _unknown_column(name: str, table: Table) -> str:
    known = ", ".join(column.name for column in table.columns[:30])
    return _("The file has no column “%(name)s”. It has: %(known)s.") % {"name": name, "known": known}


def _unknown_field(name: str, spec: KindSpec) -> str:
    known = ", ".join(field.key for field in spec.fields)
    return _("There is no field “%(name)s”. There are: %(known)s.") % {"name": name, "known": known}
