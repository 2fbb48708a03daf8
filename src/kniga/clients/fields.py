"""The fields of a client as a form or an API sends them: their types, and how each is checked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypedDict, cast

from kniga.clients.models import Client, ClientKind, Industry, ListEntry, Region, Source
from kniga.clients.requisites import checked_registration, checked_tax_number
from kniga.platform.errors import Refused
from kniga.platform.money import checked_amount
from kniga.platform.requisites import checked_kpp
from kniga.platform.said import said as _
from kniga.platform.textkeys import fold, match_key

LONGEST_NAME: Final = 300


class ClientFields(TypedDict, total=False):
    """What may be given of a client; what is absent stays (or is empty for a new one)."""

    name: str
    kind: str
    inn: str
    kpp: str
    ogrn: str
    website: str
    address: str
    employees: int | None
    revenue: Decimal | None
    founded_year: int | None
    note: str
    source_id: int | None
    industry_id: int | None
    region_id: int | None
    parent_id: int | None


def apply_fields(client: Client, given: ClientFields) -> None:
    """Check `given` and set it on `client` (unsaved). Raises Refused naming the field.

    What a saved client has already is not checked again: the rules may have been others when it was given.
    """
    for field, value in given.items():
        if client._state.adding or getattr(client, field) != value:
            setattr(client, field, _CHECKS[field](value))
    if "name" in given:
        client.name_key = fold(client.name)[:LONGEST_NAME]
        client.match_key = match_key(client.name)[:LONGEST_NAME]
    if "parent_id" in given:
        _check_parent(client)


def clean_name(text: str, *, field: str = "name") -> str:
    """A name without double blanks. Raises Refused `name_missing`, `name_long`."""
    name = " ".join(text.replace("\x00", "").split())
    if not name:
        raise Refused("name_missing", _("Enter a name."), field=field)
    if len(name) > LONGEST_NAME:
        raise Refused("name_long", _("A name has at most 300 characters."), field=field)
    return name


def clean_text(text: str, *, field: str, longest: int = 20_000) -> str:
    """Text without NUL and blank edges. Raises Refused `text_long`."""
    plain = text.replace("\x00", "").strip()
    if len(plain) > longest:
        message = _("At most %(longest)d characters fit here.") % {"longest": longest}
        raise Refused("text_long", message, field=field)
    return plain


def shown_fields(client: Client) -> dict[str, Any]:
    """The fields as the ledger keeps them: plain values, references by id."""
    return {field: getattr(client, field) for field in _CHECKS}


def checked_website(value: Any) -> str:
    """A website with http or https before it, "" for none. Raises Refused `website_invalid`, `text_long`."""
    site = clean_text(str(value), field="website", longest=300)
    if site and not site.startswith(("http://", "https://")):
        if ":" in site.split("/")[0].split(".")[0] or " " in site:
            raise Refused("website_invalid", _("A website looks like example.com."), field="website")
        site = f"https://{site}"
    return site


def _kind(value: Any) -> str:
    if value not in ClientKind.values:
        raise Refused("kind_unknown", _("A client is a company or a person."), field="kind")
    return str(value)


def _whole(field: str, least: int, most: int) -> Callable[[Any], int | None]:
    def check(value: Any) -> int | None:
        if value is None:
            return None
        if not isinstance(value, int) or not least <= value <= most:
            bounds = {"least": least, "most": most}
            message = _("Enter a whole number from %(least)d to %(most)d.") % bounds
            raise Refused("number_invalid", message, field=field)
        return value

    return check


def _entry(model: type[ListEntry], field: str) -> Callable[[Any], int | None]:
    def check(value: Any) -> int | None:
        manager = cast(Any, model)._default_manager
        if value is not None and not manager.filter(pk=value).exists():
            raise Refused("entry_unknown", _("This entry is not in the list any more."), field=field)
        return cast("int | None", value)

    return check


def _check_parent(client: Client) -> None:
    seen, step = {client.pk}, client.parent_id
    while step is not None:
        if step in seen:
            message = _("A client cannot be a part of itself.")
            raise Refused("parent_loop", message, field="parent_id")
        seen.add(step)
        found = Client.objects.filter(pk=step).values_list("parent_id", flat=True).first()
        step = found


def _parent(value: Any) -> int | None:
    if value is not None and not Client.objects.filter(pk=value).exists():
        raise Refused("entry_unknown", _("This client does not exist."), field="parent_id")
    return cast("int | None", value)


_CHECKS: Final[dict[str, Callable[[Any], Any]]] = {
    "name": lambda value: clean_name(str(value)),
    "kind": _kind,
    "inn": lambda value: checked_tax_number(str(value)),
    "kpp": lambda value: checked_kpp(str(value)),
    "ogrn": lambda value: checked_registration(str(value)),
    "website": checked_website,
    "address": lambda value: clean_text(str(value), field="address", longest=500),
    "employees": _whole("employees", 0, 2_000_000_000),
    "revenue": lambda value: None if value is None else checked_amount(value, field="revenue"),
    "founded_year": _whole("founded_year", 1000, 2200),
    "note": lambda value: clean_text(str(value), field="note"),
    "source_id": _entry(Source, "source_id"),
    "industry_id": _entry(Industry, "industry_id"),
    "region_id": _entry(Region, "region_id"),
    "parent_id": _parent,
}
