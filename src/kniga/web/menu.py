"""The sections of the product: the left menu, the bottom bar of phones, and the palette's actions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kniga.people.permissions import Act, may

if TYPE_CHECKING:
    from kniga.people.models import User


@dataclass(frozen=True, slots=True)
class Section:
    """One entry: its name (and a short one for phones), icon of the sprite, URL name, the act it needs."""

    key: str
    title: str | Promise
    icon: str
    route: str
    act: Act | None = None
    group: str = "work"
    on_phone: bool = False
    shortcut: str = ""
    short: str | Promise = ""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A section as one person sees it now."""

    key: str
    title: str | Promise
    short: str | Promise
    icon: str
    url: str
    group: str
    on_phone: bool
    shortcut: str
    is_current: bool


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
    Section("book", _("Sales book"), "book", "processes:list", group="set", shortcut="g k"),
    Section("imports", _("Import"), "import", "imports:list", Act.IMPORT, "set", shortcut="g i"),
    Section("people", _("People"), "people", "people:list", Act.MANAGE_PEOPLE, "set", shortcut="g u"),
)

QUICK_CREATE: tuple[Section, ...] = (
    Section("new-client", _("New client"), "client", "clients:create", Act.WORK_DEALS),
    Section("new-deal", _("New deal"), "deal", "deals:create", Act.WORK_DEALS),
    Section("new-import", _("Import a file"), "import", "imports:list", Act.IMPORT),
)


def menu_for(user: User, path: str) -> list[MenuItem]:
    """The sections this person sees; the one with the longest address that `path` begins with is current."""
    items = list(_visible(SECTIONS, user))
    current = max((url for _, url in items if path.startswith(url)), key=len, default="")
    return [_item(section, url, url == current) for section, url in items]


def quick_create_for(user: User) -> list[MenuItem]:
    """What the "+" of the top bar offers this person."""
    return [_item(section, url, False) for section, url in _visible(QUICK_CREATE, user)]


def _visible(sections: tuple[Section, ...], user: User) -> Iterator[tuple[Section, str]]:
    for section in sections:
        if section.act is not None and not may(user, section.act):
            continue
        yield section, reverse(section.route)


def _item(section: Section, url: str, is_current: bool) -> MenuItem:
    return MenuItem(
        section.key,
        section.title,
        section.short or section.title,
        section.icon,
        url,
        section.group,
        section.on_phone,
        section.shortcut,
        is_current,
    )
