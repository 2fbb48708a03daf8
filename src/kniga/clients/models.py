"""Whom we sell to: companies and persons, their contacts, requisites and owners."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ListEntry(models.Model):
    """An entry of a reference list the head edits; `key` is the folded name, by which imports match."""

    name = models.CharField(max_length=200)
    key = models.CharField(max_length=200, unique=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Source(ListEntry):
    """Where a client or a deal came from: cold call, exhibition, site, referral…"""


class Industry(ListEntry):
    """The client's industry."""


class Region(ListEntry):
    """The client's region."""


class ClientKind(models.TextChoices):
    COMPANY = "company", _("Company")
    PERSON = "person", _("Person")


class Client(models.Model):
    """A company or a person. `search_text` holds everything it can be found by, folded."""

    kind = models.CharField(max_length=10, choices=ClientKind.choices, default=ClientKind.COMPANY)
    name = models.CharField(max_length=300)
    name_key = models.CharField(max_length=300)
    match_key = models.CharField(max_length=300, db_index=True)
    inn = models.CharField(max_length=20, blank=True)
    kpp = models.CharField(max_length=9, blank=True)
    ogrn = models.CharField(max_length=30, blank=True)
    website = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=500, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    revenue = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    founded_year = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    industry = models.ForeignKey(Industry, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="subsidiaries")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    external_key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    search_text = models.TextField(default="", editable=False)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["name_key", "id"], name="client_name"),
            models.Index(fields=["owner", "name_key", "id"], name="client_owner_name"),
            models.Index(fields=["-created_at", "-id"], name="client_created"),
            models.Index(fields=["inn"], name="client_inn", condition=~models.Q(inn="")),
            GinIndex(OpClass("search_text", name="gin_trgm_ops"), name="client_search"),
        ]

    def __str__(self) -> str:
        return self.name


class Ownership(models.Model):
    """Who owned a client from when to when (`ended_at` is null for the present owner)."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="ownerships")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client"], condition=models.Q(ended_at=None), name="ownership_one_present")
        ]


class Contact(models.Model):
    """A person at a client. For a client that is a person, the first contact is that person."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=300)
    name_key = models.CharField(max_length=300)
    position = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=40, blank=True)
    is_primary = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    external_key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["client", "-is_primary", "id"], name="contact_client")]

    def __str__(self) -> str:
        return self.name


class ChannelKind(models.TextChoices):
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")


class Channel(models.Model):
    """A phone number (E.164, `+74951234567`) or an e-mail address (lower case) of a contact."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=10, choices=ChannelKind.choices)
    value = models.CharField(max_length=254)
    is_primary = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["kind", "value"], name="channel_value")]
        constraints = [models.UniqueConstraint(fields=["contact", "kind", "value"], name="channel_once")]
