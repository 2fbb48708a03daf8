"""The funnel's filters as they stand in the address, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from kniga.insights.funnel.filters import DIMENSION_TITLES, WITHOUT, Basis, Dimension, FunnelFilter
from kniga.insights.funnel.names import PipelineChoice, name_of_none
from kniga.platform.errors import Refused
from kniga.web.jinja import query

OPEN_MONTH = "open"
"""The word for "not closed yet" where a month of closing stands."""

Choices = dict[str, list[tuple[int, str]]]
_FIELDS = {
    "rep": "reps",
    "manager": "managers",
    "team": "teams",
    "branch": "branches",
    "product": "products",
    "region": "regions",
    "source": "sources",
    "reason": "reasons",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. `parameters` are its filters, to build further addresses from."""

    pipeline: PipelineChoice
    filters: FunnelFilter
    by: Dimension
    sort: str
    parameters: dict[str, Any]

    def address(self, path: str = "", /, **changes: Any) -> str:
        """This page's address with some parameters changed; None or an empty value takes one off."""
        return f"{path}{query(**{**self.parameters, **changes})}" or "?"


def read(parameters: QueryDict, pipelines: list[PipelineChoice]) -> Asked:
    """The filters in the address. Raises Refused naming the parameter that cannot be read."""
    pipeline = _pipeline(parameters.get("process", ""), pipelines)
    by = _one_of(Dimension, parameters.get("by") or Dimension.REP.value, "by")
    filters = FunnelFilter(
        pipeline_id=pipeline.pipeline_id,
        basis=_one_of(Basis, parameters.get("basis") or Basis.OPENED.value, "basis"),
        start=_day(parameters.get("from", ""), "from"),
        end=_day(parameters.get("to", ""), "to"),
        months=tuple(_month(text) for text in parameters.getlist("month") if text),
        **{field: _ids(parameters.getlist(name), name) for name, field in _FIELDS.items()},
    )
    known = ["process", "by", "basis", "from", "to", "month", "sort", *_FIELDS]
    kept = {name: [text for text in parameters.getlist(name) if text] for name in known}
    return Asked(pipeline, filters, by, parameters.get("sort", ""), {name: v for name, v in kept.items() if v})


def chips(asked: Asked, choices: Choices, path: str = "") -> Iterator[tuple[str, str, str]]:
    """The filters in force: name, value, and the address without it."""
    if asked.filters.start or asked.filters.end:
        span = f"{_shown(asked.filters.start)} – {_shown(asked.filters.end)}"
        yield str(_("Period")), span, asked.address(path, **{"from": None, "to": None})
    for name in (*_FIELDS, "month"):
        values: list[str] = asked.parameters.get(name, [])
        for value in values:
            rest = [other for other in values if other != value]
            yield title_of(name), value_name(name, value, choices), asked.address(path, **{name: rest})


def title_of(name: str) -> str:
    """The name of a filter."""
    return str(_("Loss reason") if name == "reason" else DIMENSION_TITLES[Dimension(name)])


def value_name(name: str, value: str, choices: Choices) -> str:
    """The name of a value of a filter; a value nobody knows shows as it is."""
    if name == "month":
        return name_of_none(Dimension.MONTH) if value == OPEN_MONTH else value
    if value == str(WITHOUT):
        return str(_("No reason given")) if name == "reason" else name_of_none(Dimension(name))
    return next((text for number, text in choices[name] if str(number) == value), value)


def address_value(value: int | date | None) -> str:
    """A value of a breakdown as it stands in the address."""
    if isinstance(value, date):
        return value.strftime("%Y-%m")
    return OPEN_MONTH if value is None else str(value)


def _pipeline(key: str, pipelines: list[PipelineChoice]) -> PipelineChoice:
    for choice in pipelines:
        if not key or choice.key == key:
            return choice
    raise _unreadable("process", key)


def _ids(texts: list[str], name: str) -> tuple[int, ...]:
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts if text):
        raise _unreadable(name, ", ".join(texts))
    return tuple(int(text) for text in texts if text)


def _day(text: str, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _unreadable(name, text) from None


def _month(text: str) -> date | None:
    try:
        return None if text == OPEN_MONTH else date.fromisoformat(f"{text}-01")
    except ValueError:
        raise _unreadable("month", text) from None


def _one_of(kind: Any, text: str, name: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise _unreadable(name, text) from None


def _unreadable(name: str, text: str) -> Refused:
    message = _("“%(value)s” is no value of the filter “%(name)s”. Open the funnel again from the menu.")
    return Refused("filter_invalid", message % {"value": text[:60], "name": name}, field=name)


def _shown(day: date | None) -> str:
    return "…" if day is None else day.strftime("%d.%m.%Y")
