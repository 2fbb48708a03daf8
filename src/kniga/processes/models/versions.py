"""Processes and their versions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kniga.deals.models import Pipeline


class ProcessKind(models.TextChoices):
    SALE = "sale", _("Sale")
    SERVICE = "service", _("Service")
    REPEAT = "repeat", _("Repeat sale")
    HANDOFF = "handoff", _("Handoff")


class Process(models.Model):
    """A way of working the head has described; its pipeline is where its deals' stages live. One with a `branch` is
    offered to the deals of that branch only."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=ProcessKind.choices, default=ProcessKind.SALE)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="processes")
    branch = models.ForeignKey(
        "people.Branch", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class VersionStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    CHECKED = "checked", _("Checked")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Retired")


class VersionVerdict(models.TextChoices):
    SOUND = "sound", _("Sound")
    UNSOUND = "unsound", _("Not sound")
    NOT_PROVED = "not_proved", _("Not proved")


class ProcessVersion(models.Model):
    """One version of a process: the BPMN file as it was given. A published version never changes (a trigger sees to
    it).

    `verdict`, `problems` (as `checking.dump_problem` writes them) and `check_seconds` are what the last check said;
    `verdict` is "" before the first. `publish_at` is when it will be published by itself, as `publish_by` wishes."""

    process = models.ForeignKey(Process, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=VersionStatus.choices, default=VersionStatus.DRAFT)
    xml = models.BinaryField()
    checksum = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    verdict = models.CharField(max_length=10, choices=VersionVerdict.choices, blank=True, default="")
    problems = models.JSONField(default=list, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_seconds = models.FloatField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    publish_at = models.DateTimeField(null=True, blank=True)
    publish_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["process", "number"], name="version_number"),
            models.UniqueConstraint(
                fields=["process"], condition=models.Q(status="published"), name="version_one_published"
            ),
        ]
