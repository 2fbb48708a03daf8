"""Changes to mailboxes, and trying whether one opens. Every change is one transaction with its ledger event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from kniga.mailboxes import events
from kniga.mailboxes.imap import Door, MailTrouble, opened
from kniga.mailboxes.jobs import queue_round
from kniga.mailboxes.models import Mailbox, Security
from kniga.mailboxes.rounds import door_of
from kniga.mailboxes.sealing import seal
from kniga.mailboxes.troubles import Trouble, trouble_of
from kniga.people.models import User
from kniga.people.permissions import Act, may
from kniga.people.require import require
from kniga.platform.emails import checked_email
from kniga.platform.errors import Conflict, Refused, check_all
from kniga.platform.ledger import LedgerEvent, record
from kniga.processes.models import Process, VersionStatus

MESSAGE: Final = "client_letter"
"""The name under which letters go to processes unless the mailbox says another."""
_PATIENCE: Final = 8.0
"""Seconds until a server that says nothing is given up while somebody looks on."""
# Another of these is another door: the password is asked for anew, and reading begins anew.
_OF_THE_DOOR: Final = ("host", "port", "security", "login")


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """What the administrator says about a mailbox. An empty `password` leaves the present one; `process_key` "" begins
    nothing with letters of strangers; `owner` gets those, and sorts what nobody else can."""

    name: str
    address: str
    host: str
    login: str
    password: str = ""
    port: int | None = 993
    security: str = Security.TLS.value
    folder: str = "INBOX"
    process_key: str = ""
    owner: User | None = None
    message: str = MESSAGE
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Tried:
    """How trying went: `count` letters lie in the folder, or `trouble` with what the server `said`."""

    count: int
    trouble: Trouble | None = None
    code: str = ""
    said: str = ""


@transaction.atomic
def create_mailbox(*, given: MailboxSettings, by: User | None, now: datetime) -> Mailbox:
    """A mailbox whose letters are taken from now on; `by` is None only for the command line.

    Raises Refused: `name_missing`, `email_invalid`, `host_missing`, `port_invalid`, `security_unknown`,
    `login_missing`, `password_missing`, `folder_missing`, `message_missing`, `process_unknown`, `owner_missing`,
    `owner_of_branch`, `not_allowed`."""
    _check_may(by)
    check_all(*_checks(given, is_known=False))
    mailbox = Mailbox(since=now, next_at=now, created_at=now, updated_at=now)
    _write(mailbox, given)
    mailbox.password = seal(given.password)
    mailbox.save()
    _tell_saved(mailbox, by, now)
    return mailbox


@transaction.atomic
def update_mailbox(
    *, mailbox: Mailbox, revision: int, given: MailboxSettings, by: User | None, now: datetime
) -> Mailbox:
    """Change a mailbox. Another server, login or folder is read from now on. Raises Refused as `create_mailbox` (a
    password must come with another server or login), Conflict `changed_meanwhile`."""
    _check_may(by)
    mailbox = Mailbox.objects.select_for_update(of=("self",)).get(pk=mailbox.pk)
    if mailbox.revision != revision:
        raise Conflict("changed_meanwhile", _("Somebody changed this meanwhile. Look at it again, then repeat."))
    check_all(*_checks(given, is_known=_is_same_door(mailbox, given)))
    before = (mailbox.host, mailbox.login, mailbox.folder)
    _write(mailbox, given)
    if given.password:
        mailbox.password = seal(given.password)
    if before != (mailbox.host, mailbox.login, mailbox.folder):
        mailbox.since, mailbox.uid_validity, mailbox.last_uid = now, None, 0
        mailbox.stuck_uid, mailbox.stuck_tries = None, 0
    mailbox.next_at, mailbox.failures, mailbox.trouble, mailbox.trouble_said = now, 0, "", ""
    mailbox.revision, mailbox.updated_at = mailbox.revision + 1, now
    mailbox.save()
    _tell_saved(mailbox, by, now)
    return mailbox


def read_now(*, mailbox: Mailbox, by: User | None) -> None:
    """Let a worker read the mailbox at once. Raises Refused `not_allowed`, `not_in_use`."""
    _check_may(by)
    if not mailbox.is_active:
        raise Refused("not_in_use", _("The mailbox is not in use. Switch it on first."))
    queue_round(mailbox.pk)


def try_mailbox(*, given: MailboxSettings, mailbox: Mailbox | None, by: User | None) -> Tried:
    """Open the mailbox as it is typed and look how many letters it holds; nothing is saved or read. Without a typed
    password the kept one of `mailbox` serves, for the same server and login only. Raises Refused as
    `create_mailbox` for what is needed to open it, `not_allowed`."""
    _check_may(by)
    is_known = mailbox is not None and _is_same_door(mailbox, given)
    check_all(*_checks_of_door(given, is_known))
    try:
        kept = "" if mailbox is None or given.password else door_of(mailbox).password
        door = Door(
            given.host.strip(), given.port or 0, given.security, given.login.strip(), given.password or kept,
            given.folder.strip(),
        )  # fmt: skip
        with opened(door, timeout=_PATIENCE) as box:
            return Tried(box.count)
    except MailTrouble as trouble:
        return Tried(0, trouble_of(trouble.code), trouble.code, trouble.said)


def _check_may(by: User | None) -> None:
    if by is not None:
        require(by, Act.MANAGE_ORGANISATION)


def _is_same_door(mailbox: Mailbox, given: MailboxSettings) -> bool:
    typed = (given.host.strip().lower(), given.port, given.security, given.login.strip())
    return typed == tuple(getattr(mailbox, name) for name in _OF_THE_DOOR)


def _checks(given: MailboxSettings, is_known: bool) -> tuple[Callable[[], object], ...]:
    return (
        lambda: _check_text("name", given.name, 200, _("Enter a name of at most 200 characters.")),
        lambda: checked_email(given.address, field="address"),
        *_checks_of_door(given, is_known),
        lambda: _check_text("message", given.message, 200, _("Enter the name of a message.")),
        lambda: _process(given.process_key),
        lambda: _check_owner(given.owner, given.process_key),
    )


def _checks_of_door(given: MailboxSettings, is_known: bool) -> tuple[Callable[[], object], ...]:
    return (
        lambda: _check_text("host", given.host, 253, _("Enter the name of the mail server.")),
        lambda: _check_port(given.port),
        lambda: _check_security(given.security),
        lambda: _check_text("login", given.login, 254, _("Enter the user's name at the mail server.")),
        lambda: _check_password(given.password, is_known),
        lambda: _check_text("folder", given.folder, 200, _("Enter the folder; new letters come into INBOX.")),
    )


def _check_text(field: str, text: str, longest: int, message: str) -> None:
    if not text.strip() or len(text) > longest or not text.isprintable():
        raise Refused(f"{field}_missing", message, field=field)


def _check_port(port: int | None) -> None:
    if port is None or not 0 < port < 65536:
        raise Refused("port_invalid", _("Enter a port: 993 for TLS, 143 for STARTTLS."), field="port")


def _check_security(security: str) -> None:
    if security not in Security.values:
        raise Refused("security_unknown", _("Choose how the connection is kept secret."), field="security")


def _check_password(password: str, is_known: bool) -> None:
    if len(password) > 500 or any(letter in password for letter in "\r\n\0"):
        raise Refused("password_missing", _("This is no password."), field="password")
    if not password and not is_known:
        raise Refused("password_missing", _("Enter the password for this server and user."), field="password")


def _process(key: str) -> Process | None:
    if not key:
        return None
    found = Process.objects.filter(key=key, is_active=True, versions__status=VersionStatus.PUBLISHED).first()
    if found is None:
        raise Refused("process_unknown", _("Choose a process that is published."), field="process")
    return found


def _check_owner(owner: User | None, process_key: str) -> None:
    if owner is None or not owner.is_active or not may(owner, Act.WORK_DEALS):
        raise Refused("owner_missing", _("Choose who gets the letters: somebody who works deals."), field="owner")
    process = Process.objects.select_related("branch").filter(key=process_key).first()
    branch = None if process is None else process.branch
    if branch is not None and owner.branch_id != branch.pk:
        message = _(
            "The process belongs to the branch “%(branch)s” and runs only deals of its people: choose somebody of that"
            " branch, or another process."
        )
        raise Refused("owner_of_branch", message % {"branch": branch.name}, field="owner")


def _write(mailbox: Mailbox, given: MailboxSettings) -> None:
    assert given.owner is not None and given.port is not None, "they were checked a moment ago"
    mailbox.name, mailbox.address = " ".join(given.name.split()), checked_email(given.address)
    mailbox.host, mailbox.port, mailbox.security = given.host.strip().lower(), given.port, given.security
    mailbox.login, mailbox.folder, mailbox.message = given.login.strip(), given.folder.strip(), given.message.strip()
    mailbox.process, mailbox.owner, mailbox.is_active = _process(given.process_key), given.owner, given.is_active


def _tell_saved(mailbox: Mailbox, by: User | None, now: datetime) -> None:
    payload = {
        "mailbox": mailbox.pk, "name": mailbox.name, "address": mailbox.address, "host": mailbox.host,
        "folder": mailbox.folder, "process": None if mailbox.process is None else mailbox.process.key,
        "owner": mailbox.owner_id, "is_active": mailbox.is_active,
    }  # fmt: skip
    record([LedgerEvent(events.MAILBOX_SAVED, now, actor_id=None if by is None else by.pk, payload=payload)])
