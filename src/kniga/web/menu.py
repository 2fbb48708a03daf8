"""The sections of the product: the left menu, the bottom bar of phones, and the palette's actions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kniga.people.permissions import Act, may
from kniga.web.speaking import language

if TYPE_CHECKING:
    from kniga.people.models import User


@dataclass(frozen=True, slots=True)
class Section:
    """One entry: its name (and a short one for phones), icon of the sprite, URL name, the act it needs. `also` are the
    beginnings of other addresses that belong to it, `counts` what of `attention_of` its number is; one of the group
    PALETTE is offered by the palette only."""

    key: str
    title: str | Promise
    icon: str
    route: str
    act: Act | None = None
    group: str = "work"
    on_phone: bool = False
    shortcut: str = ""
    short: str | Promise = ""
    also: tuple[str, ...] = ()
    counts: str = ""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A section as one person sees it now."""

    key: str
    title: str
    short: str
    icon: str
    url: str
    group: str
    on_phone: bool
    shortcut: str
    is_current: bool
    also: tuple[str, ...]
    counts: str


PALETTE: Final = "palette"
ONES_OWN: Final = "/people/profile/"
"""The page of oneself, which everybody has: of no section."""
SECTIONS: tuple[Section, ...] = (
    Section(
        "desk",
        _("Desk"),
        "desk",
        "desk:home",
        on_phone=True,
        shortcut="g d",
        short=pgettext_lazy("bottom bar", "Desk"),
    ),
    Section("deals", _("Deals"), "deal", "deals:list", on_phone=True, shortcut="g s"),
    Section("board", _("Board"), "board", "board:home", shortcut="g b"),
    Section("clients", _("Clients"), "client", "clients:list", on_phone=True, shortcut="g c"),
    Section("products", _("Products"), "product", "catalog:list", shortcut="g p"),
    Section(
        "funnel",
        _("Funnel"),
        "funnel",
        "funnel:report",
        Act.SEE_FUNNEL,
        "see",
        on_phone=True,
        shortcut="g f",
        short=pgettext_lazy("bottom bar", "Funnel"),
    ),
    Section(
        "deviations",
        _("Deviations"),
        "warning",
        "deviations:list",
        Act.SEE_DEVIATIONS,
        "see",
        shortcut="g v",
        counts="deviations",
    ),
    Section(
        "book",
        _("Sales book"),
        "book",
        "salesbook:book",
        group="see",
        shortcut="g k",
        also=("/processes/", "/documents/templates/", "/forms/"),
        counts="incidents",
    ),
    Section("processes", _("Processes"), "play", "processes:list", group=PALETTE),
    Section("imports", _("Import"), "import", "imports:list", Act.IMPORT, "set", shortcut="g i"),
    Section(
        "people", _("People"), "people", "people:list", Act.MANAGE_PEOPLE, "set", shortcut="g u", also=("/mailboxes/",)
    ),
)

QUICK_CREATE: tuple[Section, ...] = (
    Section("new-client", _("New client"), "client", "clients:create", Act.WORK_DEALS),
    Section("new-deal", _("New deal"), "deal", "deals:create", Act.WORK_DEALS),
    Section("new-import", _("Import a file"), "import", "imports:list", Act.IMPORT),
)


def menu_for(user: User, path: str) -> list[MenuItem]:
    """The sections this person sees; the one with the longest address that `path` begins with is current."""
    seen = [place for place, section in enumerate(SECTIONS) if _sees(user, section)]
    spoken = language()
    items = [_item(place, spoken) for place in seen]
    reach = [_reach(item, path) for item in items]
    longest = max(reach, default=0)
    if longest:
        nearest = reach.index(longest)
        items[nearest] = _item(seen[nearest], spoken, is_current=True)
    return items


def _reach(item: MenuItem, path: str) -> int:
    """How much of a path belongs to a section: the length of the longest of its addresses that it begins with."""
    if item.group == PALETTE or path.startswith(ONES_OWN):
        return 0
    return max((len(one) for one in (item.url, *item.also) if path.startswith(one)), default=0)


def quick_create_for(user: User) -> list[MenuItem]:
    """What the "+" of the top bar offers this person."""
    spoken = language()
    return [_item(place, spoken, is_quick=True) for place, one in enumerate(QUICK_CREATE) if _sees(user, one)]


def _sees(user: User, section: Section) -> bool:
    return section.act is None or may(user, section.act)


# `language` is part of the key only: the titles are said in the present one, which is this one.
@lru_cache(maxsize=128)
def _item(place: int, language: str, is_current: bool = False, is_quick: bool = False) -> MenuItem:
    section = (QUICK_CREATE if is_quick else SECTIONS)[place]
    return MenuItem(
        section.key,
        str(section.title),
        str(section.short or section.title),
        section.icon,
        reverse(section.route),
        section.group,
        section.on_phone,
        section.shortcut,
        is_current,
        section.also,
        section.counts,
    )
