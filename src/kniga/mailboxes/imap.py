"""A mailbox over IMAP (RFC 3501): opened to be read only, so that nothing in it changes.

Whatever goes wrong is a MailTrouble with a code, which `troubles` puts into words with a cure.
"""

from __future__ import annotations

import base64
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

TIMEOUT: Final = 20.0
"""Seconds until a server that says nothing is given up."""
LARGEST: Final = 10 * 1024 * 1024
"""Bytes of a letter that is read as a whole; of a larger one only the beginning is."""
BEGINNING: Final = 512 * 1024
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")


class MailTrouble(Exception):
    """A mailbox that cannot be read: `code` says where it broke, `said` what the server or the system said."""

    def __init__(self, code: str, said: object = "") -> None:
        super().__init__(code)
        self.code = code
        self.said = _plain(said)


@dataclass(frozen=True, slots=True)
class Door:
    """Where a mailbox is and how one gets in."""

    host: str
    port: int
    security: str
    login: str
    password: str
    folder: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """A letter as the server gave it; `is_cut`: only its beginning."""

    uid: int
    content: bytes
    came_at: datetime | None
    is_cut: bool


class OpenedMailbox:
    """A folder that is open for reading; `uid_validity` is that of all its UIDs, `count` how many letters lie in it."""

    def __init__(self, server: imaplib.IMAP4, uid_validity: int, count: int) -> None:
        self._server = server
        self.uid_validity = uid_validity
        self.count = count

    def uids_after(self, last: int, since: date) -> list[int]:
        """The UIDs above `last` of letters that came on that day or later, rising. Raises MailTrouble."""
        day = f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"
        with _told("search"):
            status, found = self._server.uid("SEARCH", f"UID {last + 1}:*", "SINCE", day)
        if status != "OK":
            raise MailTrouble("search", found)
        words = b" ".join(part for part in found if isinstance(part, bytes)).split()
        # "n:*" holds the newest letter even where its UID is below n.
        return sorted({int(word) for word in words if word.isdigit() and int(word) > last})

    def fetch(self, uid: int) -> Fetched | None:
        """The letter of a UID, left unread; None if it has gone meanwhile. Raises MailTrouble."""
        line = _line_of(uid, self._fetch(uid, "(UID RFC822.SIZE INTERNALDATE)"))
        if line is None:
            return None
        size = _SIZE.search(line)
        is_cut = size is None or int(size[1]) > LARGEST
        found = self._fetch(uid, f"(BODY.PEEK[]<0.{BEGINNING}>)" if is_cut else "(BODY.PEEK[])")
        content = next((part[1] for part in found if isinstance(part, tuple) and isinstance(part[1], bytes)), None)
        if content is None and (size is None or int(size[1])):
            raise MailTrouble("fetch", found)
        return Fetched(uid, (content or b"")[: LARGEST + 1], _moment(line), is_cut)

    def _fetch(self, uid: int, what: str) -> list[Any]:
        with _told("fetch"):
            status, found = self._server.uid("FETCH", str(uid), what)
        if status != "OK":
            raise MailTrouble("fetch", found)
        return [part for part in found if part]


def _line_of(uid: int, found: list[Any]) -> bytes | None:
    """The answer about this letter among those a server gives unasked (RFC 3501, 7)."""
    lines = [part if isinstance(part, bytes) else part[0] for part in found]
    ours = [line for line in lines if re.search(rb"\bUID %d\b" % uid, line)]
    return next((line for line in ours if _SIZE.search(line)), next(iter(ours), None))


@contextmanager
def opened(door: Door, *, timeout: float = TIMEOUT) -> Iterator[OpenedMailbox]:
    """The folder of a mailbox, open for the time of the block. Raises MailTrouble: `host`, `connect`, `tls`, `login`,
    `folder`, and what its methods raise."""
    server = _connected(door, timeout)
    try:
        yield _entered(server, door)
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            server.logout()
        with suppress(OSError):
            server.shutdown()


def _connected(door: Door, timeout: float) -> imaplib.IMAP4:
    """What something says that is no mail server is never told: inside a network it may be anything."""
    context = ssl.create_default_context()
    server: imaplib.IMAP4
    try:
        if door.security == "tls":
            return imaplib.IMAP4_SSL(door.host, door.port, ssl_context=context, timeout=timeout)
        server = imaplib.IMAP4(door.host, door.port, timeout=timeout)
    except ssl.SSLCertVerificationError as error:
        raise MailTrouble("certificate", error.verify_message) from error
    except ssl.SSLError as error:
        raise MailTrouble("tls", error.reason or error) from error
    except (socket.gaierror, UnicodeError) as error:
        raise MailTrouble("host", error) from error
    except OSError as error:
        raise MailTrouble("connect", error) from error
    except imaplib.IMAP4.error as error:
        raise MailTrouble("connect") from error
    if door.security == "starttls":
        _make_secret(server, context)
    return server


def _make_secret(server: imaplib.IMAP4, context: ssl.SSLContext) -> None:
    try:
        server.starttls(ssl_context=context)
    except ssl.SSLCertVerificationError as error:
        server.shutdown()
        raise MailTrouble("certificate", error.verify_message) from error
    except (OSError, imaplib.IMAP4.error) as error:
        server.shutdown()
        raise MailTrouble("starttls") from error


def _entered(server: imaplib.IMAP4, door: Door) -> OpenedMailbox:
    with _told("login"):
        _log_in(server, door)
    with _told("folder"):
        status, found = server.select(_quoted(folder_name(door.folder)), readonly=True)
    if status != "OK":
        raise MailTrouble("folder", found)
    validity = server.response("UIDVALIDITY")[1]
    if not validity or not isinstance(validity[0], bytes) or not validity[0].isdigit():
        raise MailTrouble("no_uids")
    count = found[0] if found and isinstance(found[0], bytes) else b"0"
    return OpenedMailbox(server, int(validity[0]), int(count) if count.isdigit() else 0)


def _log_in(server: imaplib.IMAP4, door: Door) -> None:
    """LOGIN for what fits into it; names and passwords beyond ASCII go by AUTHENTICATE PLAIN (RFC 4616)."""
    if door.login.isascii() and door.password.isascii():
        server.login(_escaped(door.login), door.password)
        return
    words = f"\0{door.login}\0{door.password}".encode()
    server.authenticate("PLAIN", lambda _challenge: words)


def folder_name(text: str) -> str:
    """The name of a folder in the letters of IMAP (modified UTF-7, RFC 3501, 5.1.3)."""
    found = []
    for plain, other in re.findall(r"([\x20-\x7e]*)([^\x20-\x7e]*)", text):
        found.append(plain.replace("&", "&-"))
        if other:
            coded = base64.b64encode(other.encode("utf-16-be", "replace")).rstrip(b"=").replace(b"/", b",")
            found.append(f"&{coded.decode('ascii')}-")
    return "".join(found)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(login: str) -> str:
    """A login that needs quoting, quoted: imaplib quotes passwords only."""
    return login if re.fullmatch(r"[\w.@+=-]+", login, re.ASCII) else _quoted(login)


def _moment(line: bytes) -> datetime | None:
    """The INTERNALDATE of a line."""
    hit = re.search(rb'INTERNALDATE "([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d:\d\d:\d\d) ([+-]\d{4})"', line)
    if hit is None:
        return None
    day, month, year, clock, zone = (part.decode("ascii").strip() for part in hit.groups())
    try:
        number = [name.lower() for name in _MONTHS].index(month.lower()) + 1
        return datetime.strptime(f"{year}-{number}-{day} {clock} {zone}", "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@contextmanager
def _told(code: str) -> Iterator[None]:
    try:
        yield
    except imaplib.IMAP4.abort as error:
        raise MailTrouble("broken_off", error) from error
    except (imaplib.IMAP4.error, ValueError) as error:
        raise MailTrouble(code, error) from error
    except OSError as error:
        raise MailTrouble("broken_off", error) from error


def _plain(said: object) -> str:
    """What was said as one short line of text."""
    if isinstance(said, list | tuple):
        return " ".join(_plain(part) for part in said if part)[:500]
    if isinstance(said, bytes):
        said = said.decode("utf-8", "replace")
    elif isinstance(said, Exception) and said.args and isinstance(said.args[-1], bytes):
        said = said.args[-1].decode("utf-8", "replace")
    return " ".join(str(said).replace("\0", "").split())[:500]
