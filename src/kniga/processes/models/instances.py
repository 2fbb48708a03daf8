"""Running instances: where each stands, its tasks and its timers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kniga.clients.models import Client
from kniga.deals.models import Deal, Stage
from kniga.processes.models.versions import ProcessVersion


class InstanceStatus(models.TextChoices):
    RUNNING = "running", _("Running")
    SUSPENDED = "suspended", _("Suspended")
    ENDED = "ended", _("Ended")
    CANCELLED = "cancelled", _("Cancelled")


class Instance(models.Model):
    """A process running for a deal.

    `seq`, `stage`, `data`, `tokens` and the open tasks are the engine's state; `revision` guards it: every step
    raises it by one, and a step computed from an older one is refused. `tokens` is NULL while all tokens are plain
    user tasks of the process itself: then the open tasks are the tokens. A called or started process has a `parent`,
    a called one `parent_token` too. `watched` is set for versions with conditional events: what deal and client
    were like when these were last looked at; `look_at` is when those that move with the clock are looked at again.
    """

    version = models.ForeignKey(ProcessVersion, on_delete=models.PROTECT, related_name="instances", db_index=False)
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="instances", db_index=False)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="children", db_index=False)
    parent_token = models.PositiveIntegerField(null=True)
    status = models.CharField(max_length=10, choices=InstanceStatus.choices, default=InstanceStatus.RUNNING)
    revision = models.PositiveIntegerField(default=1)
    seq = models.PositiveIntegerField(default=0)
    stage = models.CharField(max_length=60, null=True, blank=True)
    data = models.JSONField(default=dict)
    tokens = models.JSONField(null=True, blank=True)
    result = models.CharField(max_length=20, null=True, blank=True)
    reason = models.TextField(null=True, blank=True)
    watched = models.BigIntegerField(null=True)
    look_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal"],
                condition=models.Q(status__in=("running", "suspended"), parent=None),
                name="instance_one_in_work",
            )
        ]
        indexes = [
            models.Index(fields=["deal"], name="instance_deal"),
            models.Index(fields=["version", "status"], name="instance_version"),
            models.Index(fields=["parent"], name="instance_parent", condition=models.Q(parent__isnull=False)),
            models.Index(
                fields=["id"], name="instance_watched", condition=models.Q(watched__isnull=False, status="running")
            ),
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
    # What these refer to is held by others anyway (the instance holds the deal, the deal its client) or never removed.
    # A constraint would lock those rows at every completion, for all who complete tasks at once.
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="tasks", db_index=False, db_constraint=False)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, related_name="tasks", db_index=False, db_constraint=False
    )
    stage = models.ForeignKey(
        Stage, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    status = models.CharField(max_length=10, choices=TaskStatus.choices, default=TaskStatus.OPEN)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    outcome = models.CharField(max_length=60, null=True, blank=True)
    answers = models.JSONField(null=True, blank=True)
    # What the completion replaced, so that it can be taken back while nothing has followed it.
    undo = models.JSONField(null=True, blank=True)
    # The version a task of the past was done by, where its instance has been moved to another since.
    version = models.ForeignKey(ProcessVersion, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "token"], name="task_token")]
        indexes = [
            models.Index(fields=["assignee", "due_at", "id"], name="task_desk", condition=models.Q(status="open")),
            models.Index(fields=["due_at", "id"], name="task_open_due", condition=models.Q(status="open")),
            models.Index(fields=["deal", "due_at"], name="task_open_deal", condition=models.Q(status="open")),
            models.Index(fields=["client"], name="task_of_client"),
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
    """A moment a token waits for; workers sweep the due ones, each fires once.

    `made_in` and `closed_in` are the instance's revisions of the steps that set it and ended it, so that undoing a
    step finds its rows. A timer the engine refuses is `failed`: the ledger tells why, and a person sees it as an
    incident. `in_a_row`: how many timers led to this one, each due as soon as the one before had set it."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="timers", db_index=False)
    token = models.PositiveIntegerField()
    element = models.CharField(max_length=100)
    due_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=TimerStatus.choices, default=TimerStatus.SCHEDULED)
    in_a_row = models.PositiveSmallIntegerField(default=0, db_default=0)
    made_in = models.PositiveIntegerField(default=0)
    closed_in = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "token", "element"], condition=models.Q(status="scheduled"), name="timer_once"
            )
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="timer_due_in_order", condition=models.Q(status="scheduled")),
            models.Index(fields=["instance"], name="timer_instance"),
        ]
