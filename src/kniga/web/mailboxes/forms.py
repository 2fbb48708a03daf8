"""The settings of a mailbox as typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import QueryDict

from kniga.mailboxes.services import MESSAGE, MailboxSettings
from kniga.people.queries import get_assignable_user
from kniga.platform.errors import NotVisible
from kniga.web.params import id_or_none

if TYPE_CHECKING:
    from kniga.mailboxes.models import Mailbox
    from kniga.people.models import User


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form; a password is never shown again."""

    name: str = ""
    address: str = ""
    host: str = ""
    port: str = "993"
    security: str = "tls"
    login: str = ""
    folder: str = "INBOX"
    process: str = ""
    owner: str = ""
    message: str = MESSAGE
    is_active: str = "on"

    @classmethod
    def sent(cls, data: QueryDict) -> Typed:
        return cls(**{name: data.get(name, "").strip() for name in cls.__dataclass_fields__})

    @classmethod
    def of(cls, mailbox: Mailbox) -> Typed:
        return cls(
            mailbox.name, mailbox.address, mailbox.host, str(mailbox.port), mailbox.security, mailbox.login,
            mailbox.folder, "" if mailbox.process is None else mailbox.process.key, str(mailbox.owner_id),
            mailbox.message, "on" if mailbox.is_active else "",
        )  # fmt: skip

    def settings(self, user: User, password: str) -> MailboxSettings:
        port = int(self.port) if self.port.isdecimal() and len(self.port) < 6 else None
        return MailboxSettings(
            self.name, self.address, self.host, self.login, password, port, self.security, self.folder, self.process,
            self._owner(user), self.message, self.is_active == "on",
        )  # fmt: skip

    def _owner(self, user: User) -> User | None:
        try:
            return get_assignable_user(user=user, id=id_or_none(self.owner) or 0)
        except NotVisible:
            return None
