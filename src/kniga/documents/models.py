"""Templates of documents and letters, the documents made from them, the letters sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from kniga.clients.models import Client
from kniga.deals.models import Deal


class TemplateKind(models.TextChoices):
    """What is made from a template."""

    DOCUMENT = "document"
    LETTER = "letter"


class DocumentTemplate(models.Model):
    """A text with placeholders, as scripts have them; processes name it by its key, which never changes.

    A document's text is Markdown; a letter has a subject, too, and is sent as plain text. `language` is the one in
    which amounts, dates and yes/no are filled in; "" is the organisation's."""

    key = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=TemplateKind.choices, default=TemplateKind.DOCUMENT)
    language = models.CharField(max_length=5, blank=True, default="")
    name = models.CharField(max_length=300)
    subject = models.CharField(max_length=300, blank=True, default="")
    body = models.TextField()
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Document(models.Model):
    """What was made for a deal, frozen as it was made: a template or a deal that changes later does not change it.

    `made_by` None: by a process. `instance_id` and `work_id` say for which piece of its work (plain numbers: this
    package does not know processes); one piece of work makes one document."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="documents", db_index=False)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="documents", db_index=False
    )
    template_key = models.CharField(max_length=60)
    name = models.CharField(max_length=300)
    body = models.TextField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    instance_id = models.BigIntegerField(null=True, blank=True)
    work_id = models.BigIntegerField(null=True, blank=True, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["deal", "-made_at", "-id"], name="document_deal"),
            models.Index(fields=["client", "-made_at", "-id"], name="document_client"),
        ]

    def __str__(self) -> str:
        return self.name


class Letter(models.Model):
    """A letter as it was sent, by a person from a task (`sent_by`) or by a process (None; `instance_id` and `work_id`
    as documents have them)."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="letters", db_index=False)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="letters", db_index=False
    )
    template_key = models.CharField(max_length=60, blank=True)
    to = models.CharField(max_length=320)
    subject = models.CharField(max_length=1000)
    body = models.TextField()
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    instance_id = models.BigIntegerField(null=True, blank=True)
    work_id = models.BigIntegerField(null=True, blank=True, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["deal", "-sent_at", "-id"], name="letter_deal"),
            models.Index(fields=["client", "-sent_at", "-id"], name="letter_client"),
        ]

    def __str__(self) -> str:
        return self.subject
