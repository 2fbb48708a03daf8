"""Tables that belong to no capability: the ledger, the organisation, idempotency keys."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Organisation(models.Model):
    """The one company this installation serves; its single row has id 1."""

    name = models.CharField(max_length=200, default="Kniga")
    currency = models.CharField(max_length=3, default="RUB")
    language = models.CharField(max_length=2, default="ru")
    time_zone = models.CharField(max_length=64, default="Europe/Moscow")
    calendar_country = models.CharField(max_length=2, default="RU")
    work_starts = models.TimeField(default="09:00")
    work_ends = models.TimeField(default="18:00")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="organisation_single")]


class CalendarDay(models.Model):
    """A day that differs from the country's calendar: a working Saturday, a company's day off."""

    date = models.DateField(primary_key=True)
    is_working = models.BooleanField()
    note = models.CharField(max_length=200, blank=True)


class Event(models.Model):
    """One line of the ledger: what happened, when, by whom, about what. Append-only (a trigger holds it).

    The table is partitioned by month of `at`; `xid` is the writing transaction, by which projections read
    only what is surely committed. There are no foreign keys: history outlives what it tells of.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    kind = models.TextField()
    actor_id = models.BigIntegerField(null=True)
    client_id = models.BigIntegerField(null=True)
    deal_id = models.BigIntegerField(null=True)
    instance_id = models.BigIntegerField(null=True)
    task_id = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        managed = False
        db_table = "platform_event"


class IdempotencyKey(models.Model):
    """The answer already given to a POST with this `Idempotency-Key`, so that a repeat has no second effect."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_user_key")]


class Paper(models.Model):
    """A PDF, kept so that it is set once. `fingerprint` stands for every word on its pages and for the template that
    sets them: whatever changes, the paper is another one. `used_at`: when it was made or, to a day, last read."""

    fingerprint = models.CharField(max_length=64, unique=True)
    shelf = models.CharField(max_length=10)
    content = models.BinaryField()
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.fingerprint
