"""A letter's bytes as values: who wrote what to whom, in which thread, and whether a person wrote it.

Nothing a letter holds makes this raise: what cannot be read is left out, and the letter is marked as broken. What one
holds may still be made to take long: `apart` reads it in a process of its own, so nothing of Django is loaded here.
"""

from __future__ import annotations

import codecs
import email.parser
import email.policy
import email.utils
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from typing import Any, Final

from kniga.mailboxes.html_text import text_of_html
from kniga.mailboxes.quoting import split_quoted
from kniga.platform.storable import storable

LONGEST_BODY: Final = 100_000
"""Characters of a letter's text that are kept."""
MOST_ATTACHMENTS: Final = 50
MOST_PARTS: Final = 500
MOST_HTML: Final = 4 * LONGEST_BODY
"""Characters of HTML of one letter that are made into text."""
LONGEST_HEADER: Final = 20_000
_LONGEST_CONTENT_HEADER: Final = 4000
_MOST_PARAMETERS: Final = 40
_MOST_RETURNED: Final = 30
_CHECKED: Final = re.compile(r"\b(dmarc|spf|dkim)\s*=\s*(pass|fail)\b")
# Python's codecs hold more than charsets: some unpack archives, some take the square of the time.
_CHARSETS: Final = re.compile(
    r"ascii|utf-(7|8|8-sig|16|16-le|16-be|32|32-le|32-be)|iso8859-\d+|cp\d+|koi8-[rtu]|kz1048|ptcp154|tis-620|mac-\w+"
    r"|gb2312|gbk|gb18030|hz|big5|big5hkscs|johab|shift_jis\w*|euc_\w+|iso2022_\w+"
)
_HEADERS_OF_BULK: Final = ("list-id", "list-unsubscribe", "x-autoreply", "x-autorespond", "x-auto-reply")
_BULK: Final = frozenset({"bulk", "junk", "list", "auto_reply"})
_MACHINES: Final = re.compile(r"^(mailer-daemon|postmaster|mail-daemon)@", re.I)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a letter; `size` in bytes, -1 where only the beginning of the letter is known."""

    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class ReadLetter:
    """A letter. `kind` is one of LetterKind but "own"; `references` are the texts of all headers that may name a
    thread, those of a letter that came back included. `is_forged`: the mail server found that it is
    not from whom it says."""

    digest: str
    kind: str = "letter"
    message_id: str = ""
    sender: str = ""
    sender_name: str = ""
    to: str = ""
    subject: str = ""
    body: str = ""
    quoted: str = ""
    attachments: tuple[Attachment, ...] = ()
    references: tuple[str, ...] = ()
    written_at: datetime | None = None
    is_cut: bool = False
    is_broken: bool = False
    is_forged: bool = False


class _Bounded(email.policy.Compat32):
    """Headers of a length that people and programs write: the parsers take the square of it."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """The name and value of a header, cut where it is too long."""
        name, value = super().header_source_parse(sourcelines)
        if name.lower().startswith("content-"):
            return name, ";".join(value[:_LONGEST_CONTENT_HEADER].split(";")[:_MOST_PARAMETERS])
        return name, value[:LONGEST_HEADER]


_POLICY: Final = _Bounded()


def read_letter(content: bytes, *, is_cut: bool = False) -> ReadLetter:
    """Read a letter (RFC 5322, MIME); `is_cut` says that `content` is only its beginning."""
    try:
        return _read(content, is_cut)
    except Exception:  # whatever a letter breaks in the parsers, the letters behind it must come
        return unreadable(content, is_cut=is_cut)


def unreadable(content: bytes, *, is_cut: bool = False) -> ReadLetter:
    """A letter that cannot be read, with the beginning of its bytes as text."""
    digest = hashlib.sha256(content).hexdigest()
    text = storable(content[:2000].decode("utf-8", "replace"))
    return ReadLetter(digest, body=text, is_cut=is_cut, is_broken=True)


def _read(content: bytes, is_cut: bool) -> ReadLetter:
    message = email.parser.BytesParser(policy=_POLICY).parsebytes(content)
    parts = _Parts(message, is_cut)
    name, sender = _address(message)
    body, quoted = split_quoted(parts.text())
    letter = ReadLetter(
        digest="",
        kind=_kind(message, sender),
        message_id=_line(message, "message-id", 998),
        sender=sender,
        sender_name=name,
        to=_line(message, "to", 1000),
        subject=_line(message, "subject", 1000),
        body=body[:LONGEST_BODY],
        quoted=quoted[:LONGEST_BODY],
        attachments=tuple(parts.attachments[:MOST_ATTACHMENTS]),
        references=(_line(message, "references", 20_000), _line(message, "in-reply-to", 2000), *parts.returned),
        written_at=_date(message),
        is_cut=is_cut,
        is_broken=not sender or not message.keys(),
        is_forged=_is_forged(message),
    )
    return replace(letter, digest=_digest(letter, content))


class _Parts:
    """What the parts of a letter hold: texts, files, and the threads of letters that came back."""

    def __init__(self, message: Message, is_cut: bool) -> None:
        self.plain: list[str] = []
        self.html: list[str] = []
        self.attachments: list[Attachment] = []
        self.returned: list[str] = []
        self._is_cut = is_cut
        for place, part in enumerate(_leaves(message)):
            if place >= MOST_PARTS:
                break
            self._take(part)

    def text(self) -> str:
        """The letter's text: the plain one where somebody wrote one."""
        plain = "\n\n".join(text for text in self.plain if text.strip())
        found = plain or self._text_of_html()
        lines = (line.rstrip() for line in found.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        return storable("\n".join(lines))[: 2 * LONGEST_BODY]

    def _text_of_html(self) -> str:
        found, left = [], MOST_HTML
        for source in self.html:
            found.append(text_of_html(source[:left]))
            left = max(0, left - len(source))
        return "\n\n".join(text for text in found if text)

    def _take(self, part: Message) -> None:
        kind = part.get_content_type()
        name = _file_name(part)
        if kind in ("message/rfc822", "text/rfc822-headers", "message/global"):
            self._take_returned(part)
            if kind != "text/rfc822-headers":
                self.attachments.append(Attachment(name or "letter.eml", kind, -1))
        elif kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment" and not name:
            (self.html if kind == "text/html" else self.plain).append(_decoded(part))
        elif not kind.startswith("message/"):
            size = -1 if self._is_cut else len(_bytes_of(part))
            self.attachments.append(Attachment(name or "—", kind[:100], size))

    def _take_returned(self, part: Message) -> None:
        if len(self.returned) >= _MOST_RETURNED:
            return
        # Asked for its text, a part would decode it by whatever charset it names.
        inner: Any = part.get_payload() if part.is_multipart() else None
        inside = inner[0] if inner else email.parser.BytesParser(policy=_POLICY).parsebytes(_bytes_of(part)[:65_536])
        self.returned += [_line(inside, name, 20_000) for name in ("message-id", "references", "in-reply-to")]


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, in their order, without recursion; a letter within the letter is one part."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            inner: Any = part.get_payload()
            waiting += reversed(inner)
        else:
            yield part


def _kind(message: Message, sender: str) -> str:
    """Whether a machine wrote it (RFC 3834, RFC 3464, and what was usual before them)."""
    way_back = _line(message, "return-path", 400)
    is_report = message.get_content_type() == "multipart/report"
    if is_report and str(message.get_param("report-type") or "").lower() != "disposition-notification":
        return "bounce"
    if _MACHINES.match(sender):
        return "bounce"
    submitted = _line(message, "auto-submitted", 100).lower()
    is_bulk = _line(message, "precedence", 100).lower() in _BULK
    if is_report or way_back == "<>" or (submitted and not submitted.startswith("no")) or is_bulk:
        return "auto"
    return "auto" if any(name in message for name in _HEADERS_OF_BULK) else "letter"


def _is_forged(message: Message) -> bool:
    """What the server that took the letter in found (RFC 8601): DMARC failed, or SPF did and nothing vouches for it.
    Its words stand above those of servers on the way, which anybody may have written."""
    found: list[Any] = message.get_all("authentication-results") or []
    told = [str(value).lower()[:4000].partition(";") for value in found[:20]]
    ours = " ".join(results for server, _sign, results in told if server.split()[:1] == told[0][0].split()[:1])
    results = set(_CHECKED.findall(ours))
    if ("dmarc", "fail") in results:
        return True
    return ("spf", "fail") in results and not results & {("dmarc", "pass"), ("dkim", "pass")}


def _address(message: Message) -> tuple[str, str]:
    """Name and address of whom the letter is from; "" where there is no one address."""
    for header in ("from", "sender"):
        raw = " ".join(_raw(message, header).split())[:2000]
        for name, address in email.utils.getaddresses([raw]):
            found = _shown(address, 254).strip().lower()
            if "@" in found and " " not in found:
                return _shown(name, 300), found
    return "", ""


def _date(message: Message) -> datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(_raw(message, "date")[:200])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _line(message: Message, name: str, longest: int) -> str:
    return _shown(_raw(message, name)[: 8 * longest], longest)


def _raw(message: Message, name: str) -> str:
    """A header's text, bytes beyond ASCII as surrogates."""
    values: Any = message.get(name)
    if values is None:
        return ""
    if isinstance(values, str):
        return values
    # compat32 gives a Header for 8-bit bytes.
    return "".join(
        chunk if isinstance(chunk, str) else chunk.decode("ascii", "surrogateescape")
        for chunk, _charset in getattr(values, "_chunks", [])
    )


def _shown(text: str, longest: int) -> str:
    """A header decoded (RFC 2047), on one line."""
    words = []
    try:
        parts: list[tuple[Any, str | None]] = list(decode_header(text))
    except (ValueError, LookupError):
        parts = [(text, None)]
    for chunk, charset in parts:
        raw = chunk.encode("ascii", "surrogateescape") if _is_8_bit(chunk) else chunk
        words.append(raw if isinstance(raw, str) else _guessed(raw, charset))
    return " ".join(storable("".join(words)).split())[:longest]


def _is_8_bit(chunk: Any) -> bool:
    return isinstance(chunk, str) and any("\udc80" <= letter <= "\udcff" for letter in chunk) and _fits(chunk)


def _fits(chunk: str) -> bool:
    return all(letter < "\x80" or "\udc80" <= letter <= "\udcff" for letter in chunk)


def _file_name(part: Message) -> str:
    try:
        return _shown(part.get_filename("") or "", 200)
    except (ValueError, LookupError, TypeError):
        return ""


def _decoded(part: Message) -> str:
    return _guessed(_bytes_of(part)[: 8 * LONGEST_BODY], str(part.get_content_charset() or ""))


def _bytes_of(part: Message) -> bytes:
    found: Any = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _guessed(raw: bytes, charset: str | None) -> str:
    """The text in the charset it names; where that is wrong or none, in the one it most likely is."""
    for one in (charset, "utf-8", "windows-1251"):
        if not one or one.lower() in ("unknown-8bit", "us-ascii", "ascii"):
            continue
        try:
            # Not final: what was cut short may end in the middle of a letter.
            return _decoder(one).decode(raw)
        except (LookupError, ValueError):
            continue
    return raw.decode("utf-8", "replace")


def _decoder(charset: str) -> codecs.IncrementalDecoder:
    """Raises LookupError for what is no charset of letters."""
    name = codecs.lookup(charset[:40]).name
    if not _CHARSETS.fullmatch(name):
        raise LookupError(name)
    return codecs.getincrementaldecoder(name)()


def _digest(letter: ReadLetter, content: bytes) -> str:
    """What makes it this letter, however it travelled; all of its bytes where it has no name of its own."""
    if not letter.message_id:
        return hashlib.sha256(content).hexdigest()
    date = "" if letter.written_at is None else letter.written_at.isoformat()
    told = (letter.message_id, letter.sender, date, letter.subject, letter.body, letter.quoted)
    return hashlib.sha256("\0".join(told).encode()).hexdigest()
