"""What instances wait for, messages and signals that were brought, and work the machine does."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from kniga.clients.models import Client
from kniga.deals.models import Deal
from kniga.processes.models.instances import Instance
from kniga.processes.models.versions import ProcessVersion


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
    """What the machine does for a token: a registered action with resolved parameters. Of the actions `timer` and
    `condition` are only incidents: an event that had come and could not be carried out.

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
                condition=models.Q(status__in=("queued", "running", "incident"))
                & ~models.Q(action__in=("timer", "condition")),
                name="work_of_token_once",
            ),
            models.UniqueConstraint(
                fields=["instance", "token", "element", "action"],
                condition=models.Q(status__in=("queued", "running", "incident"), action__in=("timer", "condition")),
                name="event_incident_once",
            ),
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
