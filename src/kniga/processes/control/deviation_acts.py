"""What people do about a deviation: take it up, give it back, write to the rep, move its deadline, close it by hand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet

from kniga.deals.models import Deal
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.notice_kinds import WORD
from kniga.people.notices import notify
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.people.roles import Entity
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.said import said as _
from kniga.processes.control.deviations import next_rung
from kniga.processes.models import Task
from kniga.processes.models.control import Deviation, DeviationEnd, DeviationState
from kniga.processes.running.deadlines import move_deadline
from kniga.processes.running.effects import UNDO_GRACE, UNDO_WINDOW

LONGEST_WORD: Final = 2000
MOST_AT_ONCE: Final = 1000


@transaction.atomic
def acknowledge(*, deviation_id: int, word: str = "", by: User, now: datetime) -> None:
    """Take a deviation up: others see who sees to it, and its ladder stops.

    Raises NotVisible, Refused `not_allowed`, `too_long`, Conflict `deviation_closed`, `deviation_taken`."""
    row = _locked(deviation_id, by)
    word = _checked(word)
    if row.state == DeviationState.ACKNOWLEDGED:
        message = _("%(who)s has already taken this up.")
        raise Conflict("deviation_taken", message % {"who": row.acknowledged_by or ""})
    row.state, row.next_at, row.next_before = DeviationState.ACKNOWLEDGED, None, row.next_at
    row.acknowledged_at, row.acknowledged_by, row.word = now, by, word
    row.save(update_fields=["state", "next_at", "next_before", "acknowledged_at", "acknowledged_by", "word"])
    _tell(row, "acknowledged", by, now, word=word)


@transaction.atomic
def acknowledge_many(*, deviation_ids: Collection[int], word: str = "", by: User, now: datetime) -> int:
    """Take up those of these deviations that are open and of deals that `by` sees; how many. Others are left as they
    are: somebody was faster. A constant number of statements.

    Raises Refused `not_allowed`, `too_long`, `too_many`, `nothing_picked`."""
    require(by, Act.SEE_DEVIATIONS)
    word = _checked(word)
    if not deviation_ids:
        raise Refused("nothing_picked", _("No deviation is ticked: tick some, or take up all that meet the filter."))
    if len(deviation_ids) > MOST_AT_ONCE:
        message = _("These are too many at once: at most %(number)s. Narrow the filter.")
        raise Refused("too_many", message % {"number": MOST_AT_ONCE})
    found = Deviation.objects.select_for_update(of=("self",)).select_related("deal").order_by("pk")
    owners = visible_owner_ids(by, Entity.DEAL)
    if owners is not None:
        found = found.filter(deal__owner__in=owners)
    rows = list(found.filter(pk__in=deviation_ids, state=DeviationState.OPEN))
    Deviation.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=DeviationState.ACKNOWLEDGED, next_before=F("next_at"), next_at=None, acknowledged_at=now,
        acknowledged_by=by, word=word,
    )  # fmt: skip
    record(_event(row, "acknowledged", by, now, row.deal.client_id, word=word) for row in rows)
    return len(rows)


@transaction.atomic
def undo_acknowledging(*, at: datetime, by: User, now: datetime) -> int:
    """Take back within ten seconds what `by` took up at the moment `at`, one or many: it stands open as before, its
    ladder where it was; how many. What was given back, closed or taken by another since stays as it is. A constant
    number of statements.

    Raises Refused `not_allowed`, `undo_too_late`, `undo_moved_on`."""
    require(by, Act.SEE_DEVIATIONS)
    if not at <= now <= at + UNDO_WINDOW + UNDO_GRACE:
        raise Refused("undo_too_late", _("It is too late to undo this. What you took up can still be given back."))
    found = Deviation.objects.select_for_update(of=("self",)).select_related("deal").order_by("pk")
    owners = visible_owner_ids(by, Entity.DEAL)
    if owners is not None:
        found = found.filter(deal__owner__in=owners)
    rows = list(found.filter(state=DeviationState.ACKNOWLEDGED, acknowledged_by=by, acknowledged_at=at))
    if not rows:
        raise Refused("undo_moved_on", _("Nothing is left to undo: these deviations are closed or open again."))
    Deviation.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=DeviationState.OPEN, next_at=F("next_before"), acknowledged_at=None, acknowledged_by=None, word=""
    )
    record(_event(row, "given_back", by, now, row.deal.client_id, word="", at_once=True) for row in rows)
    return len(rows)


@transaction.atomic
def give_back(*, deviation_id: int, word: str = "", by: User, now: datetime) -> None:
    """Give back what was taken up: it stands open again, and its ladder goes on, counted from now.

    Raises NotVisible, Refused `not_allowed`, `too_long`, Conflict `deviation_closed`, `deviation_not_taken`."""
    # The instance is read first, as wherever both are needed.
    next_at = next_rung(_live(Deviation.objects.all(), deviation_id, by), now=now)
    row = _locked(deviation_id, by)
    word = _checked(word)
    if row.state != DeviationState.ACKNOWLEDGED:
        raise Conflict("deviation_not_taken", _("Nobody has taken this up."))
    row.state, row.next_at, row.acknowledged_at, row.acknowledged_by, row.word = (
        DeviationState.OPEN, next_at, None, None, "",
    )  # fmt: skip
    row.save(update_fields=["state", "next_at", "acknowledged_at", "acknowledged_by", "word"])
    _tell(row, "given_back", by, now, word=word)


@transaction.atomic
def close(*, deviation_id: int, word: str, by: User, now: datetime) -> None:
    """Close a deviation by hand, saying why; its control point stays silent until the step comes again.

    Raises NotVisible, Refused `not_allowed`, `reason_missing`, `too_long`, Conflict `deviation_closed`."""
    row = _locked(deviation_id, by)
    word = _checked(word)
    if not word:
        raise Refused("reason_missing", _("Say why: it goes into the ledger."), field="word")
    row.state, row.how, row.next_at = DeviationState.CLOSED, DeviationEnd.BY_HAND, None
    row.closed_at, row.closed_by, row.end_word = now, by, word
    row.save(update_fields=["state", "how", "next_at", "closed_at", "closed_by", "end_word"])
    _tell(row, "closed", by, now, how=str(DeviationEnd.BY_HAND), word=word)


@transaction.atomic
def write_to_owner(*, deviation_id: int, word: str, by: User, now: datetime) -> None:
    """Write to the owner of the deal, under the bell and by letter.

    Raises NotVisible, Refused `not_allowed`, `word_missing`, `too_long`, `no_owner`, Conflict `deviation_closed`."""
    row = _locked(deviation_id, by)
    word = _checked(word)
    if not word:
        raise Refused("word_missing", _("Write what the rep should know."), field="word")
    deal = Deal.objects.select_related("owner").get(pk=row.deal_id)
    if deal.owner is None or not deal.owner.is_active:
        raise Refused("no_owner", _("Nobody works on this deal. Assign it to somebody first."), field="word")
    title = _("%(who)s writes about %(point)s, deal No. %(number)s") % {
        "who": by.name, "point": row.name, "number": deal.number,
    }  # fmt: skip
    notify(user_ids=[deal.owner.pk], kind=WORD, title=title, body=word, url=f"/deals/{deal.pk}/", now=now)
    _tell(row, "written", by, now, to=deal.owner.pk, word=word)


@transaction.atomic
def move_date(*, deviation_id: int, to: datetime | None, word: str, by: User, now: datetime) -> bool:
    """Move the deadline of the step that deviates; `word` is the reason. Whether the deviation is over with that: one
    whose control point does not count from the deadline stays, and is taken up. The reason stands on the deviation.

    Raises as `move_deadline`, and Conflict `deviation_closed`."""
    # Not locked yet: the instance comes first, as wherever both are locked.
    row = _live(Deviation.objects.all(), deviation_id, by)
    task = Task.objects.filter(instance=row.instance_id, token=row.token).first()
    if task is None:
        raise Conflict("deviation_closed", _("This deviation is closed already."))
    move_deadline(task_id=task.pk, to=to, reason=word, by=by, now=now)
    row.refresh_from_db()
    if row.state == DeviationState.OPEN:
        acknowledge(deviation_id=deviation_id, word=word, by=by, now=now)
        return False
    is_over = row.state == DeviationState.CLOSED
    Deviation.objects.filter(pk=row.pk).update(**{"end_word" if is_over else "word": _checked(word)})
    return is_over


def _locked(deviation_id: int, by: User) -> Deviation:
    """The live deviation, locked, if this person sees its deal and may see to deviations."""
    return _live(Deviation.objects.select_for_update(of=("self",)).select_related("acknowledged_by"), deviation_id, by)


def _live(found: QuerySet[Deviation], deviation_id: int, by: User) -> Deviation:
    owners = visible_owner_ids(by, Entity.DEAL)
    if owners is not None:
        found = found.filter(deal__owner__in=owners)
    row = found.filter(pk=deviation_id).first()
    if row is None:
        raise NotVisible
    require(by, Act.SEE_DEVIATIONS)
    if row.state == DeviationState.CLOSED:
        raise Conflict("deviation_closed", _("This deviation is closed already."))
    return row


def _checked(word: str) -> str:
    word = word.strip()
    if len(word) > LONGEST_WORD:
        message = _("Shorten this to %(number)s characters.")
        raise Refused("too_long", message % {"number": LONGEST_WORD}, field="word")
    return word


def _tell(row: Deviation, what: str, by: User, now: datetime, **told: Any) -> None:
    client_id = Deal.objects.values_list("client_id", flat=True).get(pk=row.deal_id)
    record([_event(row, what, by, now, client_id, **told)])


def _event(row: Deviation, what: str, by: User, now: datetime, client_id: int | None, **told: Any) -> LedgerEvent:
    payload = {"deviation": row.pk, "token": row.token, "element": row.element, "point": row.point, "name": row.name}
    return LedgerEvent(
        f"processes.deviation.{what}", now, actor_id=by.pk, client_id=client_id, deal_id=row.deal_id,
        instance_id=row.instance_id, payload=payload | told,
    )  # fmt: skip
