"""Turns the cells of a row into values: checked, in one written form, ready for JSON and for comparing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from kniga.clients.fields import checked_website
from kniga.clients.requisites import checked_registration, checked_tax_number, is_russian
from kniga.imports.fields import Field, KindSpec, Type
from kniga.imports.options import Options
from kniga.imports.tabular.table import Column, Row, Table
from kniga.imports.tabular.values import DateOrder, NumberStyle, parse_date, parse_number
from kniga.platform.emails import checked_email
from kniga.platform.errors import Refused
from kniga.platform.organisation import current_organisation
from kniga.platform.phones import to_e164
from kniga.platform.requisites import checked_kpp
from kniga.platform.said import kept
from kniga.platform.said import said as _
from kniga.platform.textkeys import fold, match_key

Value = str | int | list[str] | None
_SEVERAL: Final = re.compile(r"[;,\n/]+\s*")
_SIMPLE_EMAIL: Final = re.compile(r"[a-z0-9][a-z0-9._+-]*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")
_RUSSIAN_PHONE: Final = re.compile(r"(?:\+?7|8)[\s(\-\u00a0]*\d{3}[\s)\-\u00a0]*\d{3}[\s\-]*\d{2}[\s\-]*\d{2}$")
_CENT: Final = Decimal("0.01")
_MANY: Final = 4


@dataclass(slots=True)
class Draft:
    """A row on its way: values by field, reasons against it, what to do. `marks` are what duplicates share;
    `is_sparse`: of many columns only one holds anything."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    reasons: list[dict[str, Any]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    key: str = ""
    action: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)
    target_id: int | None = None
    is_sparse: bool = False

    def warn(self, code: str, text: str) -> None:
        """Note what is odd about the row without changing what is done with it."""
        self.reasons.append({"code": code, "text": str(text), "column": ""} | kept(text))

    def refuse(self, action: str, code: str, text: str, column: str = "") -> None:
        """Note a reason; an error weighs more than a conflict, and both more than what was meant before."""
        self.reasons.append({"code": code, "text": str(text), "column": column} | kept(text))
        if self.action != "error":
            self.action = action


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column of the file with the field it gives, and how its cells are read."""

    column: Column
    field: Field
    read: Callable[[str], Value]


def mapped_columns(table: Table, spec: KindSpec, options: Options) -> list[MappedColumn]:
    """The columns that are mapped, in the order of the file."""
    found = []
    for column in table.columns:
        field_ = spec.field(options.mapping.get(column.name, ""))
        if field_ is not None:
            found.append(MappedColumn(column, field_, _reader(field_, column, options)))
    return found


def draft_of(row: Row, columns: list[MappedColumn]) -> Draft:
    """The values of a row; what cannot be read is a reason that names its column."""
    draft = Draft(row.number)
    if row.problem:
        draft.refuse("error", "row", row.problem)
    for mapped in columns:
        cell = row.cells[mapped.column.index]
        if not cell:
            continue
        try:
            value = mapped.read(cell)
        except Refused as refused:
            draft.refuse("error", refused.code, refused.said, mapped.column.name)
            continue
        if mapped.field.many:
            known = draft.values.setdefault(mapped.field.key, [])
            known.extend(one for one in value or [] if one not in known)  # type: ignore[union-attr]
        elif value is not None:
            draft.values[mapped.field.key] = value
    for mapped in columns:
        if mapped.field.required and mapped.field.key not in draft.values and not draft.reasons:
            draft.refuse("error", "missing", _("this cell must not be empty"), mapped.column.name)
    filled = sum(1 for mapped in columns if row.cells[mapped.column.index])
    draft.is_sparse = filled == 1 and len(columns) >= _MANY
    return draft


def _reader(field_: Field, column: Column, options: Options) -> Callable[[str], Value]:
    order: DateOrder = options.date_order or column.profile.date_order or "dmy"
    style: NumberStyle = options.number_style or column.profile.number_style or "point"
    longest, kind = field_.longest, field_.type
    readers: dict[Type, Callable[[str], Value]] = {
        Type.TEXT: lambda cell: _text(cell, longest),
        Type.NAME: lambda cell: _text(" ".join(cell.split()), longest),
        Type.REFERENCE: lambda cell: _text(" ".join(cell.split()), longest),
        Type.INTEGER: lambda cell: _integer(cell, style),
        Type.MONEY: lambda cell: _money(cell, style),
        Type.DATE: lambda cell: _date(cell, order).isoformat(),
        Type.EMAIL: _emails if field_.many else _email,
        Type.PHONE: _phones if field_.many else _phone,
        Type.INN: lambda cell: checked_tax_number(_leading_zero(cell) if is_russian() else cell),
        Type.KPP: checked_kpp,
        Type.OGRN: checked_registration,
        Type.WEBSITE: checked_website,
        Type.CHOICE: lambda cell: _choice(cell, field_),
    }
    return readers[kind]


def _text(cell: str, longest: int) -> str:
    if len(cell) > longest:
        raise Refused("too_long", _("longer than %(limit)d characters") % {"limit": longest})
    return cell


def _integer(cell: str, style: NumberStyle) -> int:
    value = parse_number(cell, style)
    if value is not None and value < 0:
        raise Refused(
            "integer", _("“%(cell)s” is below 0: a whole number not less than 0 is needed") % {"cell": cell[:40]}
        )
    if value is None or value != int(value) or not 0 <= value <= 2_000_000_000:
        raise Refused("integer", _("“%(cell)s” is not a whole number") % {"cell": cell[:40]})
    return int(value)


def _money(cell: str, style: NumberStyle) -> str:
    value = parse_number(cell, style)
    if value is None or not 0 <= value < Decimal(10) ** 14:
        raise Refused("money", _("“%(cell)s” is not an amount of zero or more") % {"cell": cell[:40]})
    return str(value.quantize(_CENT, ROUND_HALF_UP))


def _date(cell: str, order: DateOrder) -> date:
    day = parse_date(cell, order)
    if day is None or not 1900 <= day.year <= 2200:
        names = {"iso": "2024-12-31", "dmy": "31.12.2024", "mdy": "12/31/2024"}
        text = _("“%(cell)s” is not a date like %(example)s")
        raise Refused("date", text % {"cell": cell[:40], "example": names[order]})
    return day


def _email(cell: str) -> str:
    address = cell.strip().lower()
    return address if len(address) < 200 and _SIMPLE_EMAIL.match(address) else checked_email(address)


def _emails(cell: str) -> list[str]:
    return [_email(part) for part in re.split(r"[;,\s]+", cell) if part]


def _phone(cell: str) -> str:
    # Most numbers are plain Russian ones, and asking the whole numbering plan costs 50 times as much.
    if _RUSSIAN_PHONE.match(cell) and (cell[0] == "+" or current_organisation().calendar_country == "RU"):
        plain = "".join(character for character in cell if character.isdigit())
        return f"+7{plain[1:]}"
    return to_e164(cell)


def _phones(cell: str) -> list[str]:
    return [_phone(part) for part in _SEVERAL.split(cell) if part.strip()]


def _leading_zero(cell: str) -> str:
    # Spreadsheets take an INN for a number and drop its first zero.
    return f"0{cell}" if cell.isdigit() and len(cell) in {9, 11} else cell


def _choice(cell: str, field_: Field) -> str:
    folded = fold(cell)
    for key, words in field_.choices:
        if folded == key or match_key(cell) in words:
            return key
    known = ", ".join(key for key, _words in field_.choices)
    raise Refused("choice", _("“%(cell)s” is none of: %(known)s") % {"cell": cell[:40], "known": known})
