"""Versions that were to be published by themselves and are not: called off, and their people told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Q
from django.utils import translation

from kniga.people.models import User
from kniga.people.notice_kinds import PUBLISHING
from kniga.people.notices import notify
from kniga.people.roles import Role
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.said import said as _
from kniga.processes.models import ProcessVersion


def language_of(by: User | None) -> str:
    """The language in which a person is told something."""
    return (by.language if by is not None else "") or settings.LANGUAGE_CODE


def tell_unpublished(*, version: ProcessVersion, by: User | None, reasons: Sequence[str], now: datetime) -> None:
    """Tell the ledger, and whoever wished it (`by`), that a version was not published at its moment, and why. For one
    whose account is closed those hear it who may publish it instead: the heads of the process, else the owners and
    administrators."""
    payload = {"process": version.process.key, "version": version.number, "reason": str(reasons[0])}
    actor_id = None if by is None else by.pk
    record([LedgerEvent("processes.version.not_published", now, actor_id=actor_id, payload=payload)])
    people = _who_hears(version, by)
    if not people:
        return
    # In the language of who wished it; each reads it in their own.
    with translation.override(language_of(by)):
        title = _("Version %(number)d of “%(process)s” was not published")
        notify(
            user_ids=people,
            kind=PUBLISHING,
            title=title % {"number": version.number, "process": version.process.name},
            body=reasons[0] if len(reasons) == 1 else "\n".join(reasons[:20]),
            url=f"/processes/{version.process.key}/{version.number}/",
            now=now,
        )


def closed_account(by: User) -> str:
    """Why nothing is published in the name of a person whose account is closed."""
    message = _("The account of %(who)s, who set the moment, is closed. Look at the version and publish it yourself.")
    return message % {"who": by.name}


def _who_hears(version: ProcessVersion, by: User | None) -> list[int]:
    if by is None:  # the command line, which says it itself
        return []
    if by.is_active:
        return [by.pk]
    active = User.objects.filter(is_active=True).order_by("pk")
    heads = active.filter(Q(branch=None) | Q(branch=version.process.branch_id), role=Role.HEAD)
    above = active.filter(role__in=(Role.OWNER, Role.ADMINISTRATOR))
    return [*heads.values_list("pk", flat=True)] or [*above.values_list("pk", flat=True)]


def drop_overtaken(*, version: ProcessVersion, now: datetime) -> None:
    """Call off the older versions of the process that were to be published later: they would undo this one."""
    waiting = version.process.versions.select_for_update(of=("self",)).filter(
        publish_at__isnull=False, number__lt=version.number
    )
    for older in waiting.select_related("process", "publish_by"):
        older.publish_at = None
        older.save(update_fields=["publish_at"])
        with translation.override(language_of(older.publish_by)):
            reason = _("Version %(number)d, which is newer, has been published meanwhile.") % {"number": version.number}
        tell_unpublished(version=older, by=older.publish_by, reasons=[reason], now=now)
