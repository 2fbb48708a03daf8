"""Letters read in a process of its own: one that eats memory or time harms nobody else, and is kept as broken.

Called as a program it reads letters, each behind its length and whether it is cut, and writes each as JSON behind its
length. Nothing of Django is loaded for it.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from threading import Timer
from typing import IO, Any, Final

from kniga.mailboxes.reading import Attachment, ReadLetter, read_letter, unreadable

MOST_SECONDS: Final = 30.0
"""A letter that is not read within so many is kept as broken."""
MOST_MEMORY: Final = 768 * 1024 * 1024
_ROOT: Final = Path(__file__).resolve().parents[2]
_ASKED: Final = struct.Struct(">Q?")
_ANSWERED: Final = struct.Struct(">Q")
_READY: Final = b"+"


class Reader:
    """Reads letters in another process, which begins with the first of them and anew after one that was too much."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, content: bytes, *, is_cut: bool = False) -> ReadLetter:
        """The letter as `read_letter` gives it; marked as broken where it takes more memory or time than letters do.
        Raises RuntimeError when no process can be begun."""
        process = self._process or self._begin()
        assert process.stdin is not None and process.stdout is not None
        watch = Timer(MOST_SECONDS, process.kill)
        watch.daemon = True
        watch.start()
        try:
            process.stdin.write(_ASKED.pack(len(content), is_cut) + content)
            process.stdin.flush()
            (length,) = _ANSWERED.unpack(_exactly(process.stdout, _ANSWERED.size))
            return _letter_of(json.loads(_exactly(process.stdout, length)))
        except (OSError, EOFError):
            self.end()
            return unreadable(content, is_cut=is_cut)
        finally:
            watch.cancel()

    def end(self) -> None:
        """End the other process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with suppress(OSError):
                process.communicate()

    def _begin(self) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "kniga.mailboxes.apart"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip
        assert process.stdout is not None
        if process.stdout.read(1) != _READY:
            self.end()
            raise RuntimeError("the process that reads letters does not begin")
        return process


@contextmanager
def reader() -> Iterator[Reader]:
    """A reader for the time of the block."""
    made = Reader()
    try:
        yield made
    finally:
        made.end()


def _exactly(stream: IO[bytes], length: int) -> bytes:
    found = stream.read(length)
    if len(found) != length:
        raise EOFError
    return found


def _letter_of(told: dict[str, Any]) -> ReadLetter:
    written = told["written_at"]
    return ReadLetter(
        **{
            **told,
            "attachments": tuple(Attachment(**one) for one in told["attachments"]),
            "references": tuple(told["references"]),
            "written_at": None if written is None else datetime.fromisoformat(written),
        }
    )


def _told(letter: ReadLetter) -> bytes:
    written = letter.written_at
    return json.dumps(asdict(letter) | {"written_at": None if written is None else written.isoformat()}).encode()


def _serve() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(_READY)
    answers.flush()
    with suppress(EOFError):
        while True:
            length, is_cut = _ASKED.unpack(_exactly(asked, _ASKED.size))
            answer = _told(read_letter(_exactly(asked, length), is_cut=is_cut))
            answers.write(_ANSWERED.pack(len(answer)) + answer)
            answers.flush()


if __name__ == "__main__":
    _serve()
