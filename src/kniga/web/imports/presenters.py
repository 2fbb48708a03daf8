"""Imports in the words and colours of the pages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kniga.imports.finding import Found
from kniga.imports.queries import FieldChoice, JobLine, RowLine
from kniga.imports.report import Report
from kniga.platform.phones import format_phone
from kniga.web.formatting import day, number

TONES: Final = {
    "create": "good", "update": "info", "same": "neutral", "skip": "neutral", "waiting": "warn", "conflict": "warn",
    "error": "bad",
}  # fmt: skip
ACTIONS: Final[dict[str, str | Promise]] = {
    "create": gettext_lazy("create"),
    "update": gettext_lazy("update"),
    "same": gettext_lazy("unchanged"),
    "skip": gettext_lazy("left out"),
    "waiting": gettext_lazy("to be explained"),
    "conflict": gettext_lazy("conflict"),
    "error": gettext_lazy("error"),
}
TABS: Final[dict[str, str | Promise]] = {
    "create": gettext_lazy("New rows"),
    "update": gettext_lazy("Changed"),
    "same": gettext_lazy("Unchanged"),
    "skip": gettext_lazy("Left out"),
    "waiting": gettext_lazy("To be explained"),
    "conflict": gettext_lazy("Conflicts"),
    "error": gettext_lazy("Errors"),
}
REFERENCES: Final[dict[str, str | Promise]] = {
    "stage": gettext_lazy("Stage"),
    "product": gettext_lazy("Product"),
    "client": gettext_lazy("Client"),
    "user": gettext_lazy("Employee"),
    "industry": gettext_lazy("Industry"),
    "region": gettext_lazy("Region"),
    "source": gettext_lazy("Source"),
    "branch": gettext_lazy("Branch"),
    "unit": gettext_lazy("Unit"),
    "loss_reason": gettext_lazy("Loss reason"),
}
_DONE: Final[dict[str, str | Promise]] = {
    **ACTIONS,
    "create": gettext_lazy("created"),
    "update": gettext_lazy("updated"),
    "waiting": gettext_lazy("not explained"),
}
_STATUS: Final[dict[str, tuple[str | Promise, str]]] = {
    "new": (gettext_lazy("being set up"), "neutral"),
    "checking": (gettext_lazy("being checked"), "info"),
    "checked": (gettext_lazy("checked"), "info"),
    "queued": (gettext_lazy("running"), "info"),
    "applied": (gettext_lazy("applied"), "good"),
    "refused": (gettext_lazy("not applied"), "bad"),
    "undone": (gettext_lazy("undone"), "warn"),
}
_KINDS: Final[dict[str, str | Promise]] = {
    "users": gettext_lazy("Users"),
    "clients": gettext_lazy("Clients"),
    "contacts": gettext_lazy("Contacts"),
    "products": gettext_lazy("Products"),
    "deals": gettext_lazy("Deals"),
}


@dataclass(frozen=True, slots=True)
class JobView:
    """An import as lists and headings show it."""

    id: int
    kind: str
    file_name: str
    status: str
    status_label: str
    tone: str
    rows: int
    counts: str
    by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column that is imported: its name in the file, its field, what people read for it, how cells are read."""

    name: str
    field: str
    label: str
    type: str


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell of the diff: its text, what stood there before ('' if nothing changes), what is wrong with it."""

    text: str
    before: str
    error: str


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of the diff; `notes` are reasons that belong to no column."""

    number: int
    action: str
    label: str
    tone: str
    cells: tuple[CellView, ...]
    notes: tuple[str, ...]


def kind_name(kind: str) -> str:
    """What people read for a kind."""
    return str(_KINDS[kind])


def job_view(line: JobLine) -> JobView:
    """An import with the words of the page's language."""
    label, tone = _STATUS[line.status]
    told = " · ".join(f"{TABS[action]}: {number(count)}" for action, count in line.counts.items() if count)
    return JobView(
        line.id, kind_name(line.kind), line.file_name, line.status, str(label), tone, line.rows, told, line.by,
        line.created_at,
    )  # fmt: skip


def mapped(found: Found, fields: list[FieldChoice]) -> list[MappedColumn]:
    """The columns that are imported."""
    known = {field.key: field for field in fields}
    return [
        MappedColumn(column.name, column.field, known[column.field].label, known[column.field].type)
        for column in found.columns
        if column.field in known
    ]


def row_view(row: RowLine, columns: list[MappedColumn], *, is_done: bool) -> RowView:
    """A row with its changes and errors in their cells; `is_done`: told as what happened."""
    errors: dict[str, str] = {}
    notes = []
    for reason in row.reasons:
        if reason["column"]:
            errors[reason["column"]] = reason["text"]
        else:
            notes.append(reason["text"])
    cells = []
    for column in columns:
        change = row.changes.get(column.field)
        text = _text(change[1] if change else row.values.get(column.field), column.type)
        before = (_text(change[0], column.type) or "—") if change else ""
        cells.append(CellView(text, before, errors.get(column.name, "")))
    action = "waiting" if row.is_waiting else row.action
    label = (_DONE if is_done else ACTIONS)[action]
    return RowView(row.number, action, str(label), TONES[action], tuple(cells), tuple(notes))


def counted(report: Report | None) -> dict[str, int]:
    """Rows by tab: those that wait for names to be explained stand apart from the errors."""
    if report is None:
        return dict.fromkeys(TABS, 0)
    return report.counts | {"waiting": report.waiting, "error": report.counts["error"] - report.waiting}


def unknown_views(unknown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Names to explain: stages first, then what stops most rows."""
    order = list(REFERENCES)
    ranked = sorted(unknown, key=lambda one: (order.index(one["reference"]), -one["rows"]))
    return [dict(one, label=str(REFERENCES[one["reference"]])) for one in ranked]


def all_at_once(unknown: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """References of which several unknown names, near to none, could all be made: (reference, name, how many)."""
    counted = Counter(one["reference"] for one in unknown if one["can_create"] and not one["suggestion"])
    return [(name, str(REFERENCES[name]), count) for name, count in counted.items() if count > 1]


def delimiter_name(delimiter: str) -> str:
    """What people read for the character between cells."""
    return {"\t": _("tab"), ",": _("comma"), ";": _("semicolon"), "|": _("bar")}.get(delimiter, delimiter)


def _text(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "date":
        return day(date.fromisoformat(str(value)))
    if kind == "money":
        return number(Decimal(str(value)), 2)
    if kind == "phone":
        return ", ".join(format_phone(str(one)) for one in ([value] if isinstance(value, str) else value))
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
