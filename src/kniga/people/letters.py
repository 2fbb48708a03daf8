"""Sending the letters of notices: each is sent once, and tried again while the mail server does not take it."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from kniga.people.models import LetterState, Notice
from kniga.people.notice_queries import texts_of

MOST_TRIES: Final = 24
"""So often the mail server is asked to take a letter, over about a day; then the page of notices says it failed."""


def send_queued(*, notice_ids: Sequence[int], now: datetime) -> int:
    """Send those of these letters that still wait; how many have to be tried again.

    A letter's row is held while it is sent, so no two workers send the same one; its Message-ID stays the same, should
    a worker be killed between sending and noting it."""
    return sum(_is_left(id, now) for id in notice_ids)


def _is_left(notice_id: int, now: datetime) -> bool:
    with transaction.atomic():
        found = Notice.objects.select_for_update(skip_locked=True, of=("self",)).select_related("user")
        notice = found.filter(pk=notice_id, letter=LetterState.QUEUED).first()
        if notice is None:
            return False
        notice.letter_tries += 1
        try:
            _letter_of(notice).send()
        except (smtplib.SMTPException, OSError, ValueError) as error:  # ValueError: an address no letter can go to
            notice.letter_error = str(error)[:2000]
            if notice.letter_tries >= MOST_TRIES:
                notice.letter = LetterState.FAILED
        else:
            notice.letter, notice.letter_error, notice.sent_at = LetterState.SENT, "", now
        notice.save(update_fields=["letter", "letter_tries", "letter_error", "sent_at"])
        return notice.letter == LetterState.QUEUED


def _letter_of(notice: Notice) -> EmailMessage:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    with translation.override(notice.user.language or settings.LANGUAGE_CODE):
        title, body = texts_of(notice.title, notice.body, notice.told)
        parts = [title, body, _link(notice.url)]
        parts.append(_("You choose which letters come to you on the page “Notices” of Kniga."))
    return EmailMessage(
        " ".join(title.split()), "\n\n".join(part for part in parts if part), to=[notice.user.email],
        headers={"Message-ID": f"<kniga-notice-{notice.pk}@{domain}>", "Auto-Submitted": "auto-generated"},
    )  # fmt: skip


def _link(url: str) -> str:
    """The address in full where it is known under which name people reach Kniga (KNIGA_ORIGINS)."""
    origins = settings.CSRF_TRUSTED_ORIGINS
    return urljoin(origins[0], url) if url and origins else ""
