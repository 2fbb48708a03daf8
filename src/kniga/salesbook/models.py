"""Editions of the sales book and who has confirmed that they have read them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from kniga.processes.models import ProcessVersion


class BookEdition(models.Model):
    """One edition: the versions that were published together, and whose book it was. It never changes.

    `digest` tells one set of versions from another, so that publishing the same again makes no new edition."""

    number = models.PositiveIntegerField(unique=True)
    digest = models.CharField(max_length=64)
    organisation = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    def __str__(self) -> str:
        return f"Edition {self.number}"


class EditionVersion(models.Model):
    """A version that an edition is made of; `position` is its chapter, from 0."""

    edition = models.ForeignKey(BookEdition, on_delete=models.CASCADE, related_name="versions", db_index=False)
    version = models.ForeignKey(ProcessVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "position"], name="edition_position")]


class BookReading(models.Model):
    """Somebody confirmed that they have read an edition."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="book_readings", db_index=False
    )
    edition = models.ForeignKey(BookEdition, on_delete=models.CASCADE, related_name="readings")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "edition"], name="reading_once")]
