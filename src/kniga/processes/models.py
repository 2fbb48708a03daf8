"""The shell of the engine: processes and their versions, running instances, tasks, timers."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from kniga.clients.models import Client
from kniga.deals.models import Deal, Pipeline, Stage
from kniga.processes.act_models import ActKind as ActKind
from kniga.processes.act_models import ActRowStatus as ActRowStatus
from kniga.processes.act_models import ActStatus as ActStatus
from kniga.processes.act_models import BulkAct as BulkAct
from kniga.processes.act_models import BulkActRow as BulkActRow
from kniga.processes.control_models import ControlWatch as ControlWatch
from kniga.processes.control_models import Deviation as Deviation
from kniga.processes.draft_models import Draft as Draft
from kniga.processes.draft_models import DraftPresence as DraftPresence
from kniga.processes.draft_models import DraftSave as DraftSave
from kniga.processes.form_models import WebForm as WebForm
from kniga.processes.form_models import WebFormEntry as WebFormEntry


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
    """A moment a token waits for; workers sweep the due ones, each fires once.

    `made_in` and `closed_in` are the instance's revisions of the steps that set it and ended it, so that undoing a
    step finds its rows. A timer the engine refuses is `failed`: the ledger tells why, and it is not tried again."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="timers", db_index=False)
    token = models.PositiveIntegerField()
    element = models.CharField(max_length=100)
    due_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=TimerStatus.choices, default=TimerStatus.SCHEDULED)
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


class SubscriptionStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    CAUGHT = "caught", _("Caught")
    CANCELLED = "cancelled", _("Cancelled")


class Subscription(models.Model):
    """A message or signal a token waits for. `key` is what an own key or the thread must be."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="subscriptions", db_index=False)
    token = models.PositiveIntegerField()
    element = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=[("message", _("Message")), ("signal", _("Signal"))])
    name = models.CharField(max_length=200)
    correlation = models.CharField(max_length=10, default="", blank=True)
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="+", db_index=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    key = models.TextField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=SubscriptionStatus.choices, default=SubscriptionStatus.WAITING)
    created_at = models.DateTimeField()
    made_in = models.PositiveIntegerField(default=0)
    closed_in = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "token", "element"], condition=models.Q(status="waiting"), name="subscription_once"
            )
        ]
        indexes = [
            models.Index(fields=["name", "kind", "id"], name="subscription_name", condition=models.Q(status="waiting")),
            models.Index(fields=["instance"], name="subscription_instance"),
        ]


class MessageStatus(models.TextChoices):
    WAITING = "waiting", _("Nobody waits for it yet")
    MATCHED = "matched", _("Delivered")
    EXPIRED = "expired", _("Expired")
    FAILED = "failed", _("Failed")


class Message(models.Model):
    """A message that came (or a signal that was broadcast), and who got it. One that nobody waits for yet is kept
    until `expires_at`. `last_subscription` bounds a signal: later ones do not hear it; `reached` is how far it has
    been carried. `sent_by` is who brought it; it moves only the deals of `seen_by`, the people whose deals the sender
    saw then (None: all)."""

    kind = models.CharField(max_length=10, choices=[("message", _("Message")), ("signal", _("Signal"))])
    name = models.CharField(max_length=200)
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, null=True, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, null=True, related_name="+")
    thread = models.TextField(null=True, blank=True)
    key = models.TextField(null=True, blank=True)
    payload = models.JSONField(default=dict)
    source = models.CharField(max_length=20)
    received_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=MessageStatus.choices, default=MessageStatus.WAITING)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, null=True, related_name="messages", db_index=False)
    token = models.PositiveIntegerField(null=True)
    delivered = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    sender = models.ForeignKey(Instance, on_delete=models.CASCADE, null=True, related_name="sent")
    made_in = models.PositiveIntegerField(default=0)
    last_subscription = models.BigIntegerField(null=True)
    reached = models.BigIntegerField(null=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    seen_by = ArrayField(models.BigIntegerField(), null=True)

    class Meta:
        indexes = [
            models.Index(fields=["name", "kind", "id"], name="message_waiting", condition=models.Q(status="waiting")),
            models.Index(fields=["expires_at"], name="message_expiring", condition=models.Q(status="waiting")),
            models.Index(fields=["-received_at", "-id"], name="message_received"),
            models.Index(fields=["instance"], name="message_instance"),
        ]


class KeptSignal(models.Model):
    """A signal that came while the process of someone who waits for it was paused: it is heard once that runs again."""

    signal = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="kept", db_index=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="kept_signals", db_index=False)
    token = models.PositiveIntegerField()
    element = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "token", "element", "signal"], name="kept_signal_once")
        ]


class WorkStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    INCIDENT = "incident", _("Needs a person")
    CANCELLED = "cancelled", _("Cancelled")
    SKIPPED = "skipped", _("Skipped")


class Work(models.Model):
    """What the machine does for a token: a registered action with resolved parameters.

    `next_at` is when it may be tried (again); for a running one, when whoever runs it is taken for dead. `results`
    are kept as soon as the action is done, so that it is not done twice. `held` is the status a cancelled one had.
    `error` is what went wrong, `error_told` what it takes to say it in another language (see `incidents.trouble`; None
    for texts of old, and of others). `claim` counts how often it was taken: who has taken it writes only while nobody
    else has. `called` is the process a call waits for now; one that was called before a retry has nothing to say any
    more."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="work", db_index=False)
    token = models.PositiveIntegerField()
    element = models.CharField(max_length=100)
    action = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    item = models.TextField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=WorkStatus.choices, default=WorkStatus.QUEUED)
    held = models.CharField(max_length=10, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    claim = models.PositiveIntegerField(default=0, db_default=0)
    called = models.ForeignKey(Instance, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    results = models.JSONField(null=True)
    error = models.TextField(blank=True, default="")
    error_told = models.JSONField(null=True)
    created_at = models.DateTimeField()
    made_in = models.PositiveIntegerField(default=0)
    closed_in = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "token"],
                condition=models.Q(status__in=("queued", "running", "incident")),
                name="work_once",
            )
        ]
        indexes = [
            models.Index(fields=["instance"], name="work_instance"),
            models.Index(
                fields=["next_at", "id"], name="work_next", condition=models.Q(status__in=("queued", "running"))
            ),
            models.Index(fields=["id"], name="work_incidents", condition=models.Q(status="incident")),
        ]


class ScheduledStart(models.Model):
    """The next moment a published version begins by itself, for every open deal of its funnel that runs nothing.
    `left` is how often it still comes, None without end; `reached` the last deal it has begun for so far."""

    version = models.ForeignKey(
        ProcessVersion, on_delete=models.CASCADE, related_name="scheduled_starts", db_index=False
    )
    element = models.CharField(max_length=100)
    due_at = models.DateTimeField(db_index=True)
    left = models.PositiveIntegerField(null=True)
    reached = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "element"], name="scheduled_start_once")]
