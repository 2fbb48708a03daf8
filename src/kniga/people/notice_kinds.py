"""The kinds of notices: what each is called, and how people are told of it unless they choose otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """`title` names it on pages; `by_mail`: letters are sent unless the person declines; `always_in_app`: it cannot be
    declined under the bell, for somebody must see it."""

    key: str
    title: str | Promise
    icon: str
    by_mail: bool = True
    always_in_app: bool = False


DEVIATION: Final = "deviation"
ESCALATION: Final = "escalation"
WORD: Final = "word"
DEADLINE: Final = "deadline"
BOOK: Final = "book"
PUBLISHING: Final = "publishing"
REQUEST: Final = "request"
NEW_REQUEST: Final = "new_request"
LETTER: Final = "letter"
MAILBOX: Final = "mailbox"
INCIDENT: Final = "incident"
KINDS: Final[dict[str, NoticeKind]] = {
    kind.key: kind
    for kind in (
        NoticeKind(DEVIATION, _("Deviations"), "warning", always_in_app=True),
        NoticeKind(ESCALATION, _("Deviations nobody has taken up"), "up", always_in_app=True),
        NoticeKind(INCIDENT, _("What the machine could not do"), "warning", always_in_app=True),
        NoticeKind(WORD, _("Words from colleagues"), "message"),
        NoticeKind(DEADLINE, _("Deadlines that others moved"), "calendar", by_mail=False),
        NoticeKind(PUBLISHING, _("Versions that were not published at their time"), "warning", always_in_app=True),
        NoticeKind(NEW_REQUEST, _("Requests from sites"), "globe"),
        NoticeKind(REQUEST, _("Requests from sites that began no deal"), "warning", always_in_app=True),
        NoticeKind(LETTER, _("Letters from clients"), "mail", by_mail=False),
        NoticeKind(MAILBOX, _("Mailboxes that cannot be read"), "warning", always_in_app=True),
        NoticeKind(BOOK, _("Changes of the sales book"), "book", by_mail=False),
    )
}
"""Another capability that tells people something adds its kind here."""
