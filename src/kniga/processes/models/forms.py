"""Forms of web sites: who they ask for, and what came by them."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class WebForm(models.Model):
    """A form on somebody's site that sends people here: each becomes a client with a deal of `process`, of `owner`
    unless the client is somebody's already. `key` is its address and never changes."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    process = models.ForeignKey("processes.Process", on_delete=models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    thanks_url = models.CharField(max_length=500, blank=True, default="")
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class WebFormEntry(models.Model):
    """What came by a form, once. `sender` is a digest of the address it came from, `content` one of what was sent:
    they hold back floods and forms sent twice, and tell nothing about anybody. `message` is what they wrote: it stands
    at the deal, labelled as theirs, and goes with it."""

    form = models.ForeignKey(WebForm, on_delete=models.CASCADE, related_name="entries", db_index=False)
    received_at = models.DateTimeField()
    sender = models.CharField(max_length=64)
    content = models.CharField(max_length=64)
    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    deal = models.ForeignKey("deals.Deal", on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    is_new_client = models.BooleanField(default=False)
    message = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["form", "-received_at"], name="webform_entry_recent"),
            models.Index(fields=["client"], name="webform_entry_of_client"),
        ]
