"""What the forms of clients send, as typed; reading it may refuse a field, the domain judges the rest."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from django.http import QueryDict

from kniga.clients.contact_services import ContactInput
from kniga.clients.fields import ClientFields
from kniga.clients.queries import ContactCard
from kniga.web.params import sent_amount, sent_id, sent_whole

if TYPE_CHECKING:
    from kniga.clients.models import Client


@dataclass(frozen=True, slots=True)
class ClientForm:
    """A client as typed: all text, so that a refused form shows what was written."""

    name: str = ""
    kind: str = "company"
    inn: str = ""
    kpp: str = ""
    ogrn: str = ""
    website: str = ""
    address: str = ""
    employees: str = ""
    revenue: str = ""
    founded_year: str = ""
    note: str = ""
    source_id: str = ""
    industry_id: str = ""
    region_id: str = ""

    @classmethod
    def sent(cls, data: QueryDict) -> ClientForm:
        return cls(**{field.name: data.get(field.name, "").strip() for field in fields(cls)})

    @classmethod
    def of(cls, client: Client) -> ClientForm:
        values = {field.name: getattr(client, field.name) for field in fields(cls)}
        return cls(**{name: "" if value is None else str(value) for name, value in values.items()})


def client_fields(data: QueryDict) -> ClientFields:
    """The fields of a client in a form; only those the form has. Raises Refused at a field of wrong form."""
    given = ClientFields()
    for name in ("name", "kind", "inn", "kpp", "ogrn", "website", "address", "note"):
        if name in data:
            given[name] = data.get(name, "")
    for name in ("source_id", "industry_id", "region_id"):
        if name in data:
            given[name] = sent_id(data, name)  # type: ignore[literal-required]
    if "employees" in data:
        given["employees"] = sent_whole(data, "employees")
    if "founded_year" in data:
        given["founded_year"] = sent_whole(data, "founded_year")
    if "revenue" in data:
        given["revenue"] = sent_amount(data, "revenue")
    return given


@dataclass(frozen=True, slots=True)
class ContactForm:
    """A contact as typed; there is always one more field for a phone and an address."""

    name: str = ""
    position: str = ""
    role: str = ""
    note: str = ""
    phones: tuple[str, ...] = ("",)
    emails: tuple[str, ...] = ("",)
    is_primary: bool = False

    @classmethod
    def sent(cls, data: QueryDict) -> ContactForm:
        return cls(
            name=data.get("name", ""),
            position=data.get("position", ""),
            role=data.get("role", ""),
            note=data.get("note", ""),
            phones=(*[value for value in data.getlist("phones") if value.strip()], ""),
            emails=(*[value for value in data.getlist("emails") if value.strip()], ""),
            is_primary=data.get("is_primary") == "on",
        )

    @classmethod
    def of(cls, card: ContactCard) -> ContactForm:
        phones, emails = (*card.phones, ""), (*card.emails, "")
        return cls(card.name, card.position, card.role, card.note, phones, emails, card.is_primary)

    def as_input(self) -> ContactInput:
        return ContactInput(
            name=self.name,
            position=self.position,
            role=self.role,
            phones=self.phones,
            emails=self.emails,
            is_primary=self.is_primary,
            note=self.note,
        )
