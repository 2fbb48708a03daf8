"""Drafts: processes that are being drawn, and every state of them that was saved."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Draft(models.Model):
    """A process in the making: any readable BPMN file, finished or not. `process_key` is the process it will be a
    version of; it need not exist yet, and has one open draft at most. `base_version` is the version it began as a
    copy of. A draft that was published or discarded is closed, and kept; `discarded_at` is set on the latter alone."""

    process_key = models.SlugField(max_length=60, db_index=False)
    name = models.CharField(max_length=200)
    branch = models.ForeignKey(
        "people.Branch", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    xml = models.BinaryField()
    revision = models.PositiveIntegerField(default=1)
    base_version = models.ForeignKey(
        "processes.ProcessVersion", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    discarded_at = models.DateTimeField(null=True, blank=True)
    discarded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["process_key"], condition=models.Q(closed_at__isnull=True), name="draft_one_open"
            )
        ]


class DraftSave(models.Model):
    """What a draft was like after each save: what a later save by somebody else is compared with."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="saves", db_index=False)
    revision = models.PositiveIntegerField()
    xml = models.BinaryField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "revision"], name="draft_save_once")]


class DraftPresence(models.Model):
    """Who has a draft open, and when their page was last heard of."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="presences", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "user"], name="draft_presence_once")]
