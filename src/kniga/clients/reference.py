"""The reference lists of clients and deals: sources, industries, regions. Matched by folded name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _

from kniga.clients.models import Industry, Region, Source
from kniga.platform.errors import Refused
from kniga.platform.textkeys import fold

Entry = TypeVar("Entry", Source, Industry, Region)


@dataclass(frozen=True, slots=True)
class EntryOption:
    """A choice of a reference list."""

    id: int
    name: str


def get_or_create_source(name: str) -> Source:
    """The source of this name (case and ё/е apart), made if there is none. Raises Refused `name_missing`."""
    return _get_or_create(Source, name)


def get_or_create_industry(name: str) -> Industry:
    """The industry of this name, made if there is none. Raises Refused `name_missing`."""
    return _get_or_create(Industry, name)


def get_or_create_region(name: str) -> Region:
    """The region of this name, made if there is none. Raises Refused `name_missing`."""
    return _get_or_create(Region, name)


def _get_or_create(model: type[Entry], name: str) -> Entry:
    shown = " ".join(name.replace("\x00", "").split())[:200]
    if not shown:
        raise Refused("name_missing", _("Enter a name."), field="name")
    entry, _made = model._default_manager.get_or_create(key=fold(shown)[:200], defaults={"name": shown})
    return entry


def source_options() -> tuple[EntryOption, ...]:
    """The active sources, in order."""
    return _options(Source)


def industry_options() -> tuple[EntryOption, ...]:
    """The active industries, in order."""
    return _options(Industry)


def region_options() -> tuple[EntryOption, ...]:
    """The active regions, in order."""
    return _options(Region)


def _options(model: type[Source] | type[Industry] | type[Region]) -> tuple[EntryOption, ...]:
    found = model._default_manager.filter(is_active=True).order_by("key").values_list("pk", "name")
    return tuple(EntryOption(*row) for row in found)
