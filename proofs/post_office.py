"""A mail server on the loopback for proofs: it speaks SMTP (RFC 5321) and keeps every letter it is given."""

from __future__ import annotations

import contextlib
import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final, cast

LONGEST_LINE: Final = 65_536


@dataclass
class PostOffice:
    """`letters` in the order they came; `refusing`: the next so many letters are turned away (451)."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    refusing: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, content: bytes) -> bool:
        """Keep a letter; whether it was taken."""
        with self.lock:
            if self.refusing:
                self.refusing -= 1
                return False
            letter = email.message_from_bytes(content, policy=email.policy.default)
            self.letters.append(cast(EmailMessage, letter))
            return True

    def to(self, address: str) -> list[EmailMessage]:
        """The letters to an address."""
        return [letter for letter in self.letters if letter["To"] == address]


@contextlib.contextmanager
def post_office() -> Iterator[PostOffice]:
    """A post office at a free port of 127.0.0.1 for the time of the block."""
    office = PostOffice()

    class Counter(_Counter):
        served = office

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Counter)
    server.daemon_threads = True
    office.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield office
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Counter(socketserver.StreamRequestHandler):
    served: PostOffice

    def handle(self) -> None:
        self._say(220, "kniga.proof ready")
        while line := self.rfile.readline(LONGEST_LINE):
            word = line.split(b" ")[0].strip().upper()
            if word == b"QUIT":
                self._say(221, "bye")
                return
            if word == b"DATA":
                self._say(354, "go on")
                taken = self.served.take(self._content())
                self._say(250 if taken else 451, "taken" if taken else "come again later")
            elif word in (b"HELO", b"EHLO", b"MAIL", b"RCPT", b"RSET", b"NOOP"):
                self._say(250, "well")
            else:
                self._say(502, "not spoken here")

    def _content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline(LONGEST_LINE)) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, code: int, text: str) -> None:
        self.wfile.write(f"{code} {text}\r\n".encode())
