"""What we sell: products with units and prices."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models


class Unit(models.Model):
    """A unit of measure: piece, ton, hour… `code` is stable, `name` is what people read."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    decimals = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    name = models.CharField(max_length=300)
    name_key = models.CharField(max_length=300)
    match_key = models.CharField(max_length=300, db_index=True)
    code = models.CharField(max_length=60, null=True, blank=True, unique=True)
    group = models.CharField(max_length=200, blank=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    price = models.DecimalField(max_digits=16, decimal_places=2)
    note = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["name_key", "id"], name="product_name"),
            GinIndex(OpClass("name_key", name="gin_trgm_ops"), name="product_search"),
        ]

    def __str__(self) -> str:
        return self.name
