"""Acts on many running instances: what is done, to which of them, and what became of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kniga.deals.models import Deal


class ActKind(models.TextChoices):
    MOVE = "move", _("Move to another version")
    CANCEL = "cancel", _("Stop")
    SUSPEND = "suspend", _("Pause")
    RESUME = "resume", _("Resume")
    SEND = "send", _("Send to a step")
    START = "start", _("Start for deals that run nothing")


class ActStatus(models.TextChoices):
    PREPARING = "preparing", _("Being looked through")
    PLANNED = "planned", _("Being prepared")
    RUNNING = "running", _("Being carried out")
    DONE = "done", _("Carried out")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


class BulkAct(models.Model):
    """Something done to many running instances at once, with what undoing it as a whole needs (its rows).

    `scope` says which instances (see `scopes.Scope`); a move goes from `version` to `target` by `mapping`, {element:
    element of the target, or null while nobody has decided}, and `splits` (see `splitting`); `element` is where deals
    are sent. A start is of `version`, at `element` if one is named. While it is `preparing`, a worker tries its rows
    one after another. `touched_at` is when a worker last did something: an act that nobody works on any more is taken
    up again. `begun_by` is who let it be carried out."""

    kind = models.CharField(max_length=10, choices=ActKind.choices)
    status = models.CharField(max_length=10, choices=ActStatus.choices, default=ActStatus.PLANNED)
    process = models.ForeignKey("processes.Process", on_delete=models.PROTECT, related_name="acts")
    version = models.ForeignKey(
        "processes.ProcessVersion", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    target = models.ForeignKey(
        "processes.ProcessVersion", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    element = models.CharField(max_length=100, blank=True, default="")
    scope = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    splits = models.JSONField(default=dict)
    reason = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    touched_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    undo_reason = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["touched_at"], name="bulk_act_at_work", condition=models.Q(status__in=("running", "undoing"))
            )
        ]

    @property
    def is_being_prepared(self) -> bool:
        """Whether a worker still tries its rows."""
        return self.status == ActStatus.PREPARING


class ActRowStatus(models.TextChoices):
    UNTRIED = "untried", _("Not looked at yet")
    FITS = "fits", _("Fits")
    CHOICE = "choice", _("Needs a choice")
    CANNOT = "cannot", _("Cannot")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Not done")
    UNDONE = "undone", _("Undone")
    KEPT = "kept", _("Not undone")


class BulkActRow(models.Model):
    """What becomes of one instance: `why` is {code, …} of what speaks against it, `choices` a person's own mapping
    for this instance; `before` is how it stood, `revision` the instance's revision after the act: as long as it is
    still that, the act can be undone. A row of a start has its `deal`, and its instance once it is started. `foretold`
    is what a move would do to deviations: {"raised": names, "closed": names}, null for nothing."""

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="rows", db_index=False)
    instance = models.ForeignKey("processes.Instance", on_delete=models.CASCADE, null=True, related_name="act_rows")
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=ActRowStatus.choices, default=ActRowStatus.FITS)
    why = models.JSONField(null=True)
    choices = models.JSONField(null=True)
    foretold = models.JSONField(null=True)
    revision = models.PositiveIntegerField(null=True)
    before = models.JSONField(null=True)
    acted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["act", "instance"], name="bulk_act_row_once")]
        indexes = [models.Index(fields=["act", "status", "id"], name="bulk_act_row_status")]
