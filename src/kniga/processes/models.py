"""The shell of the engine: processes and their versions, running instances, tasks, timers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kniga.clients.models import Client
from kniga.deals.models import Deal, Pipeline, Stage


class ProcessKind(models.TextChoices):
    SALE = "sale", _("Sale")
    SERVICE = "service", _("Service")
    REPEAT = "repeat", _("Repeat sale")
    HANDOFF = "handoff", _("Handoff")


class Process(models.Model):
    """A way of working the head has described; its pipeline is where its deals' stages live."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=ProcessKind.choices, default=ProcessKind.SALE)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="processes")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class VersionStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Retired")


class ProcessVersion(models.Model):
    """One version of a process: the BPMN file as it was given. A published version never changes."""

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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["process", "number"], name="version_number"),
            models.UniqueConstraint(
                fields=["process"], condition=models.Q(status="published"), name="version_one_published"
            ),
        ]


class InstanceStatus(models.TextChoices):
    RUNNING = "running", _("Running")
    ENDED = "ended", _("Ended")
    CANCELLED = "cancelled", _("Cancelled")


class Instance(models.Model):
    """A process running for a deal.

    `seq`, `stage`, `data`, the open tasks and their fired timers are the engine's state; `revision` guards it:
    every step raises it by one, and a step computed from an older one is refused.
    """

    version = models.ForeignKey(ProcessVersion, on_delete=models.PROTECT, related_name="instances", db_index=False)
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="instances", db_index=False)
    status = models.CharField(max_length=10, choices=InstanceStatus.choices, default=InstanceStatus.RUNNING)
    revision = models.PositiveIntegerField(default=1)
    seq = models.PositiveIntegerField(default=0)
    stage = models.CharField(max_length=60, null=True, blank=True)
    data = models.JSONField(default=dict)
    result = models.CharField(max_length=20, null=True, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deal"], condition=models.Q(status="running"), name="instance_one_running")
        ]
        indexes = [
            models.Index(fields=["deal"], name="instance_deal"),
            models.Index(fields=["version", "status"], name="instance_version"),
        ]


class TaskStatus(models.TextChoices):
    OPEN = "open", _("Open")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class Task(models.Model):
    """What a person is to do now: the engine's token and the worklist entry in one row."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    token = models.PositiveIntegerField()
    element = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=20)
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, related_name="tasks", db_index=False)
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    status = models.CharField(max_length=10, choices=TaskStatus.choices, default=TaskStatus.OPEN)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    outcome = models.CharField(max_length=60, null=True, blank=True)
    answers = models.JSONField(null=True, blank=True)
    # What the completion replaced, so that it can be taken back while nothing has followed it.
    undo = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "token"], name="task_token")]
        indexes = [
            models.Index(fields=["assignee", "due_at", "id"], name="task_desk", condition=models.Q(status="open")),
            models.Index(fields=["due_at", "id"], name="task_open_due", condition=models.Q(status="open")),
            models.Index(fields=["instance"], name="task_open_instance", condition=models.Q(status="open")),
            models.Index(fields=["deal", "due_at"], name="task_open_deal", condition=models.Q(status="open")),
            models.Index(fields=["deal", "created_at"], name="task_deal"),
            models.Index(fields=["client", "created_at"], name="task_client"),
            models.Index(
                fields=["completed_by", "completed_at"],
                name="task_completed",
                condition=models.Q(status="done"),
            ),
        ]


class TimerStatus(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    FIRED = "fired", _("Fired")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")


class Timer(models.Model):
    """A boundary timer waiting for its moment; workers sweep the due ones, each fires once.

    A timer the engine refuses is `failed`: the ledger tells why, and it is not tried again and again."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="timers", db_index=False)
    element = models.CharField(max_length=100)
    due_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=TimerStatus.choices, default=TimerStatus.SCHEDULED)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "element"], name="timer_once")]
        indexes = [models.Index(fields=["due_at"], name="timer_due", condition=models.Q(status="scheduled"))]
