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
    """A control point of an open step: it is looked at at `look_at` (None: only when deal or client change).

    `watching`: its time has come, and its condition was not true; `raised`: it is a deviation. `seen` is what the deal
    was like when the condition was last looked at; None where there is no condition. A row with an empty `point` asks
    to derive those of its step anew (the deal was moved to another version, or many were started at once). Rows
    outlive their step by some seconds, so that a completion that is taken back finds them."""

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
            models.Index(fields=["id"], name="control_watch_seen", condition=models.Q(seen__isnull=False)),
        ]


class DeviationState(models.TextChoices):
    OPEN = "open", _("Open")
    ACKNOWLEDGED = "acknowledged", _("Taken up")
    CLOSED = "closed", _("Closed")


class DeviationEnd(models.TextChoices):
    CURED = "cured", _("Cured")
    OVER = "over", _("The step is over otherwise")
    BY_HAND = "by_hand", _("Closed by hand")


class Deviation(models.Model):
    """A control point that was found wanting: of which deal and step, since when, how much money is at risk, who was
    told, who has taken it up, how it ended.

    `rung` counts the rungs of the ladder that were climbed; `next_at` is when the next one comes, None when there is
    none or somebody has taken it up."""

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
