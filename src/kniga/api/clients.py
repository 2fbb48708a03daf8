"""Clients and their contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from kniga.api.answers import Listed, answer, idempotent, opened, page_answer, revision_of, wants_revision
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Cents, Cursor, Given, Id, Limit, OwnerBody, Short, Text
from kniga.clients import contact_services, queries, services
from kniga.clients.contact_services import ContactInput
from kniga.clients.queries import ClientFilter, ClientRow, ContactCard
from kniga.people.queries import get_assignable_user
from kniga.people.roles import Entity
from kniga.platform import clock

if TYPE_CHECKING:
    from kniga.clients.models import Client

router = Router(tags=["clients"])
READ, WRITE = Bearer("clients:read"), Bearer("clients:write")


@dataclass(frozen=True, slots=True)
class ClientDetail:
    """A client with all its fields; `revision` is also its ETag."""

    id: int
    revision: int
    kind: str
    name: str
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
    owner_id: int | None
    external_key: str | None
    created_at: datetime
    updated_at: datetime


class ClientQuery(Schema):
    """What a list of clients is narrowed to."""

    text: str = ""
    kind: str = ""
    owner_id: Id | None = None
    team_id: Id | None = None
    branch_id: Id | None = None
    region_id: Id | None = None
    industry_id: Id | None = None
    source_id: Id | None = None


class ContactBody(Given):
    """A contact; phones in any format, they are kept as E.164."""

    name: Short
    position: Short = ""
    role: Short = ""
    phones: Annotated[list[Short], Field(max_length=40)] = []
    emails: Annotated[list[Short], Field(max_length=40)] = []
    is_primary: bool = False
    note: Text = ""
    external_key: Short | None = None


class ClientChanges(Given):
    """Fields of a client; those that are not sent stay."""

    name: Short = ""
    kind: Short = "company"
    inn: Short = ""
    kpp: Short = ""
    ogrn: Short = ""
    website: Short = ""
    address: Short = ""
    employees: int | None = None
    revenue: Cents | None = None
    founded_year: int | None = None
    note: Text = ""
    source_id: Id | None = None
    industry_id: Id | None = None
    region_id: Id | None = None
    parent_id: Id | None = None


class ClientBody(ClientChanges):
    """A new client. Without `owner_id` it belongs to the caller."""

    name: Short
    owner_id: Id | None = None
    external_key: Short | None = None
    contacts: Annotated[list[ContactBody], Field(max_length=100)] = []


@router.get("/clients", auth=READ, response={200: Listed[ClientRow]}, summary="List clients")
def list_clients(
    request: ApiRequest, wanted: Query[ClientQuery], sort: str = "name", limit: Limit = 50, cursor: Cursor = None
) -> HttpResponse:
    """The clients the caller sees. `sort`: name or created, "-" before it turns the order."""
    page = queries.clients_page(
        user=request.auth.user, wanted=ClientFilter(**wanted.dict()), sort=sort, cursor=opened(cursor), limit=limit
    )
    return page_answer(request, page)


@router.post("/clients", auth=WRITE, response={201: ClientDetail}, summary="Create a client")
@idempotent
def create_client(request: ApiRequest, body: ClientBody) -> HttpResponse:
    """A client with its contacts. Duplicates are not refused: ask the list by INN or phone first."""
    user = request.auth.user
    given = body.given()
    owner_id = given.pop("owner_id", None)
    owner = user if owner_id in (None, user.pk) else get_assignable_user(user=user, id=owner_id, entity=Entity.CLIENT)
    given.pop("contacts", None)
    contacts = [_contact(contact) for contact in body.contacts]
    client = services.create_client(owner=owner, contacts=contacts, by=user, now=clock.now(), **given)
    return _client_answer(client, status=201, location=f"/api/v1/clients/{client.pk}")


@router.get("/clients/{int:client_id}", auth=READ, response={200: ClientDetail}, summary="Read a client")
def get_client(request: ApiRequest, client_id: int) -> HttpResponse:
    """One client."""
    return _client_answer(queries.get_visible_client(user=request.auth.user, id=client_id))


@router.patch("/clients/{int:client_id}", auth=WRITE, response={200: ClientDetail}, summary="Change a client")
@wants_revision
def change_client(request: ApiRequest, client_id: int, body: ClientChanges) -> HttpResponse:
    """Change the fields that are sent."""
    user = request.auth.user
    client = queries.get_visible_client(user=user, id=client_id)
    changed = services.update_client(
        client=client, revision=revision_of(request), by=user, now=clock.now(), **_fields(body)
    )
    return _client_answer(changed)


@router.put("/clients/{int:client_id}/owner", auth=WRITE, response={200: ClientDetail}, summary="Hand a client over")
def assign_client(request: ApiRequest, client_id: int, body: OwnerBody) -> HttpResponse:
    """Give a client to another person; its deals stay with whom they are."""
    user = request.auth.user
    client = queries.get_visible_client(user=user, id=client_id)
    owner = get_assignable_user(user=user, id=body.owner_id, entity=Entity.CLIENT)
    return _client_answer(services.assign_client(client=client, owner=owner, by=user, now=clock.now()))


@router.get(
    "/clients/{int:client_id}/contacts", auth=READ, response={200: list[ContactCard]}, summary="List contacts",
    tags=["contacts"],
)  # fmt: skip
def list_contacts(request: ApiRequest, client_id: int) -> HttpResponse:
    """All contacts of a client, the main one first."""
    user = request.auth.user
    client = queries.get_visible_client(user=user, id=client_id)
    return answer(queries.contacts_of(user=user, client=client))


@router.post(
    "/clients/{int:client_id}/contacts", auth=WRITE, response={201: ContactCard}, summary="Add a contact",
    tags=["contacts"],
)  # fmt: skip
@idempotent
def add_contact(request: ApiRequest, client_id: int, body: ContactBody) -> HttpResponse:
    """A further contact of a client."""
    user = request.auth.user
    client = queries.get_visible_client(user=user, id=client_id)
    made = contact_services.add_contact(client=client, contact=_contact(body), by=user, now=clock.now())
    return _contact_answer(request, made, status=201, location=f"/api/v1/contacts/{made.pk}")


@router.get(
    "/contacts/{int:contact_id}", auth=READ, response={200: ContactCard}, summary="Read a contact", tags=["contacts"]
)
def get_contact(request: ApiRequest, contact_id: int) -> HttpResponse:
    """One contact."""
    return _contact_answer(request, queries.get_visible_contact(user=request.auth.user, id=contact_id))


@router.put(
    "/contacts/{int:contact_id}", auth=WRITE, response={200: ContactCard}, summary="Replace a contact",
    tags=["contacts"],
)  # fmt: skip
def replace_contact(request: ApiRequest, contact_id: int, body: ContactBody) -> HttpResponse:
    """Give a contact new values; phones and addresses that are not sent go."""
    user = request.auth.user
    contact = queries.get_visible_contact(user=user, id=contact_id)
    changed = contact_services.update_contact(contact=contact, given=_contact(body), by=user, now=clock.now())
    return _contact_answer(request, changed)


@router.delete("/contacts/{int:contact_id}", auth=WRITE, response={204: None}, summary="Remove a contact",
               tags=["contacts"])  # fmt: skip
def remove_contact(request: ApiRequest, contact_id: int) -> HttpResponse:
    """Remove a contact; the ledger keeps what it was."""
    user = request.auth.user
    contact = queries.get_visible_contact(user=user, id=contact_id)
    contact_services.remove_contact(contact=contact, by=user, now=clock.now())
    return HttpResponse(status=204)


def _fields(body: ClientChanges) -> Any:
    return body.given()


def _contact(body: ContactBody) -> ContactInput:
    values = body.dict()
    return ContactInput(**{**values, "phones": tuple(body.phones), "emails": tuple(body.emails)})


def _client_answer(client: Client, *, status: int = 200, location: str = "") -> HttpResponse:
    detail = ClientDetail(**{name: getattr(client, name) for name in ClientDetail.__slots__})
    return answer(detail, status=status, revision=client.revision, location=location)


def _contact_answer(request: ApiRequest, contact: Any, *, status: int = 200, location: str = "") -> HttpResponse:
    cards = queries.contacts_of(user=request.auth.user, client=contact.client)
    card = next(card for card in cards if card.id == contact.pk)
    return answer(card, status=status, location=location)
