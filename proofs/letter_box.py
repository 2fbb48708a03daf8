"""A mail server on the loopback for tests and proofs: it speaks as much of IMAP (RFC 3501) as reading a folder takes.

It can be told to misbehave: to break off, to number its letters anew, to refuse.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

LONGEST_LINE: Final = 65_536
USER: Final = "sales"
PASSWORD: Final = 'open "sesame"'
_WORDS: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\S+)')


@dataclass
class Letter:
    """A letter as it lies in the folder."""

    uid: int
    content: bytes
    came_at: datetime


@dataclass
class LetterBox:
    """`letters` of the folder; `breaking`: the next so many bodies break off in their middle; `fetched` counts the
    bodies given out, `commands` keeps what was asked. By UID: bodies that are `refused`, that are missing (`bare`), and
    letters that have `gone`. `chatty`: it tells of flags unasked."""

    port: int = 0
    folder: str = "INBOX"
    uid_validity: int = 7
    letters: list[Letter] = field(default_factory=list)
    next_uid: int = 1
    breaking: int = 0
    refused: set[int] = field(default_factory=set)
    bare: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    chatty: bool = False
    fetched: int = 0
    commands: list[bytes] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, content: bytes, *, came_at: datetime | None = None) -> int:
        """Put a letter into the folder; its UID."""
        with self.lock:
            uid, self.next_uid = self.next_uid, self.next_uid + 1
            self.letters.append(Letter(uid, content, came_at or datetime.now(UTC)))
            return uid

    def renumber(self) -> None:
        """Number all letters anew, as a server does that was restored from a backup."""
        with self.lock:
            self.uid_validity += 1
            for uid, letter in enumerate(self.letters, start=1):
                letter.uid = uid
            self.next_uid = len(self.letters) + 1


@contextlib.contextmanager
def letter_box(context: ssl.SSLContext | None = None) -> Iterator[LetterBox]:
    """A letter box at a free port of 127.0.0.1 for the time of the block; with TLS if a `context` is given."""
    box = LetterBox()

    class Session(_Session):
        served = box

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
            if context is not None:
                request = context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)

        def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
            """Whoever hangs up in the middle is nobody's trouble."""

    server = Server(("127.0.0.1", 0), Session)
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Session(socketserver.StreamRequestHandler):
    served: LetterBox

    def handle(self) -> None:
        self._say(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")
        self.is_known = self.is_open = False
        while line := self.rfile.readline(LONGEST_LINE):
            tag, _, rest = line.strip().partition(b" ")
            self.served.commands.append(rest)
            words = [hit[0].replace(b'\\"', b'"').replace(b"\\\\", b"\\") or hit[1] for hit in _WORDS.findall(rest)]
            if not self._answer(tag, words, rest):
                return

    def _answer(self, tag: bytes, words: list[bytes], rest: bytes) -> bool:
        """Answer one command; whether the talk goes on."""
        name = words[0].upper() if words else b""
        if name == b"LOGOUT":
            self._say(b"* BYE see you", tag + b" OK bye")
            return False
        if name == b"CAPABILITY":
            self._say(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN", tag + b" OK done")
        elif name == b"LOGIN" and len(words) == 3:
            self._log_in(tag, words[1].decode(), words[2].decode())
        elif name == b"AUTHENTICATE":
            self._say(b"+ ")
            given = base64.b64decode(self.rfile.readline(LONGEST_LINE)).decode().split("\0")
            self._log_in(tag, given[1], given[2])
        elif name in (b"SELECT", b"EXAMINE") and self.is_known:
            self._open(tag, words[1])
        elif name == b"UID" and self.is_open and words[1].upper() == b"SEARCH":
            self._search(tag, words)
        elif name == b"UID" and self.is_open and words[1].upper() == b"FETCH":
            return self._fetch(tag, int(words[2]), rest)
        else:
            self._say(tag + b" BAD not spoken here")
        return True

    def _log_in(self, tag: bytes, user: str, password: str) -> None:
        self.is_known = (user, password) == (USER, PASSWORD)
        self._say(tag + (b" OK done" if self.is_known else b" NO [AUTHENTICATIONFAILED] Invalid credentials"))

    def _open(self, tag: bytes, folder: bytes) -> None:
        box = self.served
        self.is_open = folder.decode() == box.folder
        if not self.is_open:
            self._say(tag + b" NO [NONEXISTENT] Unknown Mailbox")
            return
        exists, validity = b"* %d EXISTS" % len(box.letters), b"* OK [UIDVALIDITY %d]" % box.uid_validity
        self._say(exists, b"* 0 RECENT", validity, b"* OK [UIDNEXT %d]" % box.next_uid, tag + b" OK [READ-ONLY]")

    def _search(self, tag: bytes, words: list[bytes]) -> None:
        first = int(words[3].partition(b":")[0])
        day = datetime.strptime(words[5].decode(), "%d-%b-%Y").replace(tzinfo=UTC)
        with self.served.lock:
            last = max((one.uid for one in self.served.letters), default=0)
            found = [
                one.uid for one in self.served.letters
                if (one.uid >= first or one.uid == last) and one.came_at >= day
            ]  # fmt: skip
        self._say(b" ".join([b"* SEARCH", *(b"%d" % uid for uid in found)]), tag + b" OK done")

    def _fetch(self, tag: bytes, uid: int, rest: bytes) -> bool:
        with self.served.lock:
            places = {one.uid: (place, one) for place, one in enumerate(self.served.letters, start=1)}
            place, letter = places.get(uid, (0, None))
            breaks = letter is not None and b"BODY" in rest and self.served.breaking > 0
            self.served.breaking -= breaks
            self.served.fetched += b"BODY" in rest
        if self.served.chatty:
            self._say(b"* 1 FETCH (FLAGS (\\Seen))")
        if letter is None or uid in self.served.gone:
            self._say(tag + b" OK done")
            return True
        if b"BODY" not in rest:
            came = letter.came_at.strftime("%d-%b-%Y %H:%M:%S +0000").encode()
            told = (place, uid, len(letter.content), came)
            self._say(b'* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE "%s")' % told, tag + b" OK done")
            return True
        if uid in self.served.refused or uid in self.served.bare:
            bare = b"* %d FETCH (UID %d BODY[] NIL)\r\n" % (place, uid)
            self._say(tag + b" NO [SERVERBUG] cannot" if uid in self.served.refused else bare + tag + b" OK done")
            return True
        part = re.search(rb"<0\.(\d+)>", rest)
        content = letter.content[: int(part[1])] if part else letter.content
        name = b"BODY[]<0>" if part else b"BODY[]"
        self.wfile.write(b"* %d FETCH (UID %d %s {%d}\r\n" % (place, uid, name, len(content)))
        if breaks:
            self.wfile.write(content[: len(content) // 2])
            return False
        self.wfile.write(content)
        self._say(b")", tag + b" OK done")
        return True

    def _say(self, *lines: bytes) -> None:
        self.wfile.write(b"".join(line + b"\r\n" for line in lines))
