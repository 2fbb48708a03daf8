"""Control points at work: what is to be looked at and when, and the deviations that were found."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class WatchState(models.TextChoices):
    SCHEDULED = "scheduled", "scheduled"
    WATCHING = "watching", "watching"
    RAISED = "raised", "raised"


class ControlWatch(models.Model):
    """A control point of an open step: it is looked at at `look_at`, and when its deal, client or process has changed
    (see `ControlMark`), if it is not `scheduled` or has no such moment.

    `watching`: its time has come, and it is no deviation; `raised`: it is one. A row with an empty `point` asks to
    derive those of its step anew (the deal was moved to another version, or many were started at once). Rows outlive
    their step by some seconds, so that a completion that is taken back finds them. `seen` is of an earlier release;
    the functions that write steps empty it."""

    instance = models.ForeignKey("processes.Instance", on_delete=models.CASCADE, related_name="+", db_index=False)
    token = models.PositiveIntegerField()
    point = models.CharField(max_length=100, blank=True)
    look_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=WatchState.choices, default=WatchState.SCHEDULED)
    seen = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "token", "point"], name="control_watch_once")]
        indexes = [
            models.Index(fields=["look_at", "id"], name="control_watch_due", condition=models.Q(look_at__isnull=False)),
        ]


class ControlMark(models.Model):
    """The deal, the client or the process of an instance that watches something has changed: a worker has to look.

    Triggers write it in the transaction of the change (sql/control_marks.sql); it is only ever added and taken away, so
    a change never waits for a worker, and one that comes while a worker looks is not lost."""

    instance_id = models.BigIntegerField()


class DeviationState(models.TextChoices):
    OPEN = "open", _("Open")
    ACKNOWLEDGED = "acknowledged", _("Taken up")
    CLOSED = "closed", _("Closed")


class DeviationEnd(models.TextChoices):
    CURED = "cured", _("Cured")
    OVER = "over", _("The step is over otherwise")
    BY_HAND = "by_hand", _("Closed by hand")
    MOVED = "moved", _("The version the deal was moved to does not ask for it")
    UNDONE = "undone", _("The move to another version was undone")


class Deviation(models.Model):
    """A control point that was found wanting: of which deal and step, since when, how much money is at risk, who was
    told, who has taken it up, how it ended.

    `rung` counts the rungs of the ladder that were climbed; `next_at` is when the next one comes, None when there is
    none or somebody has taken it up; `next_before` is what it was then, for who takes that back at once."""

    instance = models.ForeignKey("processes.Instance", on_delete=models.CASCADE, related_name="deviations")
    token = models.PositiveIntegerField()
    process = models.ForeignKey("processes.Process", on_delete=models.PROTECT, related_name="+", db_index=False)
    deal = models.ForeignKey("deals.Deal", on_delete=models.CASCADE, related_name="deviations")
    element = models.CharField(max_length=100)
    step = models.CharField(max_length=300)
    point = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=DeviationState.choices, default=DeviationState.OPEN)
    raised_at = models.DateTimeField()
    at_risk = models.DecimalField(max_digits=18, decimal_places=2)
    told = ArrayField(models.BigIntegerField(), default=list)
    rung = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    next_before = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    word = models.TextField(blank=True, default="")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    how = models.CharField(max_length=10, choices=DeviationEnd.choices, blank=True, default="")
    end_word = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "token", "point"], condition=~models.Q(state="closed"), name="deviation_one_live"
            )
        ]
        indexes = [
            models.Index(fields=["-at_risk", "-id"], name="deviation_worst", condition=~models.Q(state="closed")),
            models.Index(fields=["-closed_at", "-id"], name="deviation_closed", condition=models.Q(state="closed")),
            models.Index(fields=["next_at"], name="deviation_next", condition=models.Q(next_at__isnull=False)),
        ]
