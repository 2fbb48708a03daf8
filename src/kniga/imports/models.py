"""Import jobs: the file as it came, the decisions taken, one row per row of the file, what was made."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class KindKey(models.TextChoices):
    USERS = "users", _("Users")
    CLIENTS = "clients", _("Clients")
    CONTACTS = "contacts", _("Contacts")
    PRODUCTS = "products", _("Products")
    DEALS = "deals", _("Deals")


class JobStatus(models.TextChoices):
    NEW = "new", _("Being set up")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    QUEUED = "queued", _("Waiting")
    APPLIED = "applied", _("Applied")
    REFUSED = "refused", _("Not applied")
    UNDONE = "undone", _("Undone")


class Action(models.TextChoices):
    CREATE = "create", _("Create")
    UPDATE = "update", _("Update")
    SAME = "same", _("Unchanged")
    SKIP = "skip", _("Left out")
    CONFLICT = "conflict", _("Conflict")
    ERROR = "error", _("Error")


class ImportJob(models.Model):
    """One file on its way in. `options` are the person's decisions, `found` what the file holds, `report` what the
    last check or apply would do or did, `made` the ids of what was made beside the rows (branches, industries…).
    """

    kind = models.CharField(max_length=10, choices=KindKey.choices)
    status = models.CharField(max_length=10, choices=JobStatus.choices, default=JobStatus.NEW)
    file_name = models.CharField(max_length=300)
    file_size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    options = models.JSONField(default=dict)
    found = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    made = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="import_job_created")]

    def __str__(self) -> str:
        return f"{self.pk} {self.file_name}"


class ImportPart(models.Model):
    """A piece of the uploaded file: every web server and worker can read it, as all truth is in the database."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="parts")
    position = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "position"], name="import_part_position")]


class ImportRow(models.Model):
    """What a row of the file means: its values, what is to be done, and what undoing needs to know.

    `changes` is {field: [before, after, id before]}; `fingerprint` is the written object's state right after the
    import, by which undo sees whether anybody has touched it since.
    """

    pk = models.CompositePrimaryKey("job_id", "number")
    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()
    action = models.CharField(max_length=10, choices=Action.choices)
    key = models.TextField(blank=True)
    marks = models.JSONField(default=list)
    values = models.JSONField(default=dict)
    changes = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)
    target_id = models.BigIntegerField(null=True)
    fingerprint = models.CharField(max_length=32, null=True)

    class Meta:
        indexes = [models.Index(fields=["job", "action", "number"], name="import_row_action")]


class ImportProgress(models.Model):
    """How far a job is, committed apart from the job's own transaction. No foreign key: nothing may wait for it."""

    job_id = models.BigIntegerField(primary_key=True)
    phase = models.CharField(max_length=10)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)


class SavedMapping(models.Model):
    """How the columns of a header were mapped the last time, by kind and header."""

    kind = models.CharField(max_length=10, choices=KindKey.choices)
    header = models.CharField(max_length=64)
    options = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "header"], name="mapping_once")]


class Alias(models.Model):
    """What a name in files means, as a person has confirmed it once; by reference and folded text."""

    reference = models.CharField(max_length=20)
    text_key = models.CharField(max_length=300)
    name = models.CharField(max_length=300)
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reference", "text_key"], name="alias_once")]

    def __str__(self) -> str:
        return f"{self.reference}: {self.text_key} = {self.name}"
