"""Publishing at a moment: a version waits for it, and whoever wished it is told if nothing came of it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import OperationalError, transaction
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.waking import wake_workers
from kniga.processes.models import ProcessVersion, VersionStatus
from kniga.processes.versions.publishing import (
    BookRefused,
    get_locked_version,
    publish_version,
    publishable,
    require_head,
)
from kniga.processes.versions.unpublished import closed_account, language_of, tell_unpublished

LOG = logging.getLogger(__name__)
FURTHEST: Final = timedelta(days=366)


def schedule_publishing(*, version_id: int, at: datetime, by: User, now: datetime, note: str = "") -> ProcessVersion:
    """Let a version be published by itself at `at`; a moment set before is replaced. An empty note keeps the one of
    the upload.

    Raises BookRefused with everything that forbids publishing it now, Refused `not_in_future`, `published_already`,
    and when it is not allowed, NotVisible."""
    require_head(by)
    with transaction.atomic():
        version = get_locked_version(version_id)
        if version.status == VersionStatus.PUBLISHED:
            raise Refused("published_already", _("This version is published already: nothing in it is new."))
        if not now < at <= now + FURTHEST:
            raise Refused("not_in_future", _("Choose a moment that is to come, within a year."), field="at")
        publishable(version, by=by, now=now)
        version.publish_at, version.publish_by, version.note = at, by, note or version.note
        version.save(update_fields=["publish_at", "publish_by", "note"])
        _tell("processes.version.scheduled", version, by, now, at=at.isoformat())
        wake_workers()
    return version


def cancel_publishing(*, version_id: int, by: User, now: datetime) -> ProcessVersion:
    """Let a version that was to be published by itself wait for somebody to do it. Raises Refused `not_scheduled`,
    and when it is not allowed, NotVisible."""
    require_head(by)
    with transaction.atomic():
        version = get_locked_version(version_id)
        if version.publish_at is None:
            raise Refused("not_scheduled", _("This version is not to be published by itself any more."))
        _clear(version)
        _tell("processes.version.unscheduled", version, by, now)
    return version


def publish_scheduled(*, now: datetime) -> int:
    """Publish what is to be published by `now`, the earliest first; how many moments came. What is refused then is
    told to whoever wished it, and is not tried again."""
    due = ProcessVersion.objects.filter(publish_at__lte=now).order_by("publish_at", "pk").values_list("pk", flat=True)
    return sum(_publish_one(version_id, now) for version_id in list(due))


def _publish_one(version_id: int, now: datetime) -> bool:
    with transaction.atomic():
        waiting = ProcessVersion.objects.select_for_update(skip_locked=True, of=("self",))
        version = waiting.select_related("process", "publish_by").filter(pk=version_id, publish_at__lte=now).first()
        if version is None:  # another worker is at it, or it was called off
            return False
        by = version.publish_by
        _clear(version)
        try:
            if by is not None and not by.is_active:
                raise Refused("account_closed", closed_account(by))
            with transaction.atomic(), translation.override(language_of(by)):
                publish_version(version_id=version_id, by=by, now=now)
        except OperationalError:  # the database was away: this moment comes again
            raise
        except Refused as refused:
            LOG.warning("version %s was not published at its moment: %s", version_id, refused.message)
            tell_unpublished(version=version, by=by, reasons=_reasons(refused, by), now=now)
        except Exception:
            # One version that breaks must not keep the others, nor the workers, from what is due.
            LOG.exception("version %s broke when it was to be published", version_id)
            with translation.override(language_of(by)):
                reason = _("Something broke in Kniga: the administrator finds it in the log. Publish it by hand.")
            tell_unpublished(version=version, by=by, reasons=[reason], now=now)
        return True


def _reasons(refused: Refused, by: User | None) -> list[str]:
    problems = refused.problems if isinstance(refused, BookRefused) else ()
    with translation.override(language_of(by)):
        return [" ".join(problem.said(_, get_language())) for problem in problems] or [refused.message]


def _clear(version: ProcessVersion) -> None:
    version.publish_at = None
    version.save(update_fields=["publish_at"])


def _tell(kind: str, version: ProcessVersion, by: User | None, now: datetime, **more: str) -> None:
    payload = {"process": version.process.key, "version": version.number, **more}
    record([LedgerEvent(kind, now, actor_id=None if by is None else by.pk, payload=payload)])
