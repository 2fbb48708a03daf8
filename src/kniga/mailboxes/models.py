"""Mailboxes that are read, and the letters that came by them."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Security(models.TextChoices):
    """How the connection to the mail server is kept secret."""

    TLS = "tls", "TLS"
    STARTTLS = "starttls", "STARTTLS"
    NONE = "none", "none"


class Mailbox(models.Model):
    """A folder of a mail server that Kniga reads and never changes.

    `process` is the one that letters of strangers begin (None: they are sorted by hand), for `owner`; `message` is
    the name under which letters of a deal go to processes. `password` is sealed (`sealing`).
    Where reading stands: letters of `uid_validity` up to `last_uid` are taken, those before `since` are not wanted.
    `stuck_uid` is the letter reading broke at last, `stuck_tries` how often in a row.
    `failures` are the rounds in a row that did not work; `trouble` is the code of why, `trouble_said` what was said."""

    name = models.CharField(max_length=200)
    address = models.CharField(max_length=254)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(max_length=10, choices=Security.choices, default=Security.TLS)
    login = models.CharField(max_length=254)
    password = models.TextField()
    folder = models.CharField(max_length=200, default="INBOX")
    message = models.CharField(max_length=200)
    process = models.ForeignKey(
        "processes.Process", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)
    since = models.DateTimeField()
    uid_validity = models.BigIntegerField(null=True, blank=True)
    last_uid = models.BigIntegerField(default=0)
    stuck_uid = models.BigIntegerField(null=True, blank=True)
    stuck_tries = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=40, blank=True, default="")
    trouble_said = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class LetterKind(models.TextChoices):
    """What a letter is: written by somebody, an answer of a machine, word that ours did not arrive, or our own."""

    LETTER = "letter", "letter"
    AUTO = "auto", "auto"
    BOUNCE = "bounce", "bounce"
    OWN = "own", "own"


class LetterPlace(models.TextChoices):
    """Where a letter lies: with a deal, with a client, to be sorted, or set aside."""

    DEAL = "deal", "deal"
    CLIENT = "client", "client"
    UNSORTED = "unsorted", "unsorted"
    ASIDE = "aside", "aside"


class ReceivedLetter(models.Model):
    """A letter as it came, once: `digest` is one of what makes it this letter, whichever mailbox it came by.
    `uid_validity` and `uid` say where it lay; another folder or account may have given the same to another letter.

    `body` is what was written, `quoted` what it answers to; `attachments` are name, type and bytes of each (the files
    stay in the mailbox). `why` is the code of why nobody was found. `flow_message_id` is the message it became for
    processes (a plain number, as the ledger has them)."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="letters", db_index=False)
    uid_validity = models.BigIntegerField()
    uid = models.BigIntegerField()
    digest = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10, choices=LetterKind.choices)
    place = models.CharField(max_length=10, choices=LetterPlace.choices)
    why = models.CharField(max_length=40, blank=True, default="")
    error = models.TextField(blank=True, default="")
    deal = models.ForeignKey(
        "deals.Deal", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    client = models.ForeignKey(
        "clients.Client", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    flow_message_id = models.BigIntegerField(null=True, blank=True)
    is_new_request = models.BooleanField(default=False)
    message_id = models.CharField(max_length=998, blank=True)
    sender = models.CharField(max_length=254, blank=True)
    sender_name = models.CharField(max_length=300, blank=True)
    to = models.CharField(max_length=1000, blank=True)
    subject = models.CharField(max_length=1000, blank=True)
    body = models.TextField(blank=True)
    quoted = models.TextField(blank=True)
    attachments = models.JSONField(default=list)
    is_cut = models.BooleanField(default=False)
    is_broken = models.BooleanField(default=False)
    written_at = models.DateTimeField(null=True, blank=True)
    came_at = models.DateTimeField()
    taken_at = models.DateTimeField()
    sorted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    sorted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["deal", "-came_at", "-id"], name="received_deal"),
            models.Index(fields=["client", "-came_at", "-id"], name="received_client"),
            models.Index(fields=["-id"], name="received_unsorted", condition=models.Q(place="unsorted")),
            models.Index(fields=["mailbox", "-taken_at"], name="received_recent"),
        ]

    def __str__(self) -> str:
        return self.subject
