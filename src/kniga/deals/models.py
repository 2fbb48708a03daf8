"""Deals, their lines, and the way they went through the stages of a pipeline."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from kniga.catalog.models import Product, Unit
from kniga.clients.models import Client, Region, Source

# Where a deal without an expected date stands when deals are sorted by it: behind all others.
FAR_DATE = models.Value(date(9999, 12, 31), output_field=models.DateField())


class Pipeline(models.Model):
    """An ordered set of stages. Publishing a process keeps its pipeline's stages up to date."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A stage of a pipeline; it lives across the versions of the process, so funnels can be compared."""

    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="stages", db_index=False)
    key = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["pipeline_id", "position"]
        constraints = [models.UniqueConstraint(fields=["pipeline", "key"], name="stage_key_in_pipeline")]

    def __str__(self) -> str:
        return self.name


class LossReason(models.Model):
    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class DealStatus(models.TextChoices):
    OPEN = "open", _("Open")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    CANCELLED = "cancelled", _("Cancelled")


class Deal(models.Model):
    """One sale. `stage` is where it stands (for a closed deal: where it stood last)."""

    number = models.BigIntegerField(unique=True)
    name = models.CharField(max_length=300)
    name_key = models.CharField(max_length=300)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="deals", db_index=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="deals", db_index=False)
    # Stages are never removed. A constraint would lock the stage's row whenever a deal enters it.
    stage = models.ForeignKey(
        Stage, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False
    )
    stage_since = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=DealStatus.choices, default=DealStatus.OPEN)
    amount = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    currency = models.CharField(max_length=3)
    expected_date = models.DateField(null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    loss_reason = models.ForeignKey(
        LossReason, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    loss_note = models.TextField(blank=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    note = models.TextField(blank=True)
    external_key = models.CharField(max_length=200, null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["pipeline", "stage", "-stage_since", "-id"],
                name="deal_board",
                condition=models.Q(status="open"),
                include=["amount"],
            ),
            models.Index(
                fields=["owner", "stage", "-stage_since", "-id"],
                name="deal_owner_board",
                condition=models.Q(status="open"),
                include=["pipeline", "amount"],
            ),
            models.Index(fields=["-opened_at", "-id"], name="deal_opened"),
            models.Index(fields=["owner", "-opened_at", "-id"], name="deal_owner_opened"),
            models.Index(fields=["status", "-opened_at", "-id"], name="deal_status_opened"),
            models.Index(fields=["-amount", "-id"], name="deal_amount"),
            models.Index(
                fields=["-amount", "-id", "stage"], name="deal_open_amount", condition=models.Q(status="open")
            ),
            models.Index(fields=["client", "-opened_at"], name="deal_client"),
            models.Index(fields=["name_key", "id"], name="deal_name"),
            models.Index(Coalesce("expected_date", FAR_DATE), "id", name="deal_expected"),
            # In two, so that a list of the open ones does not pass by all that were ever closed.
            models.Index(
                Coalesce("stage_since", "opened_at"), "id", name="deal_open_age", condition=models.Q(status="open")
            ),
            models.Index(
                Coalesce("stage_since", "opened_at"), "id", name="deal_closed_age", condition=~models.Q(status="open")
            ),
            models.Index(fields=["-closed_at", "-id"], name="deal_closed", condition=~models.Q(status="open")),
            GinIndex(OpClass("name_key", name="gin_trgm_ops"), name="deal_search"),
        ]
        constraints = [
            # Deals without a key of another system, most of them, have no entry.
            models.UniqueConstraint(
                fields=["external_key"], condition=models.Q(external_key__isnull=False), name="deal_external_key"
            ),
            models.CheckConstraint(
                condition=models.Q(status="open", closed_at=None)
                | (~models.Q(status="open") & models.Q(closed_at__isnull=False)),
                name="deal_closed_has_date",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DealLine(models.Model):
    """One product of a deal: `quantity` of `unit` at `price`, less `discount` per cent."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.DecimalField(max_digits=14, decimal_places=3)
    price = models.DecimalField(max_digits=16, decimal_places=2)
    discount = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        ordering = ["deal_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "position"], name="line_position"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="line_quantity_positive"),
            models.CheckConstraint(
                condition=models.Q(discount__gte=0, discount__lte=100), name="line_discount_percent"
            ),
        ]


class DealOwnership(models.Model):
    """Who owned a deal from when to when, so that a handover never rewrites the past."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="ownerships")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deal"], condition=models.Q(ended_at=None), name="deal_ownership_one_present"
            )
        ]


class StageExit(models.TextChoices):
    PASSED = "passed", _("Passed on")
    BACK = "back", _("Went back")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    CANCELLED = "cancelled", _("Cancelled")


class StageVisit(models.Model):
    """A deal's stay in a stage: the projection every funnel is computed from.

    `owner` is who owned the deal when it entered. `is_inferred` marks a visit an import had to assume (the file
    tells only that the deal had passed the stage): it counts, but its length is unknown and left out of medians.
    """

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="visits", db_index=False)
    # Without constraints, for the same reason as a deal's stage.
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    exit = models.CharField(max_length=10, choices=StageExit.choices, null=True, blank=True)
    amount = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    is_inferred = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["deal", "entered_at"], name="visit_deal"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["deal"], condition=models.Q(left_at=None), name="visit_one_present"),
        ]
