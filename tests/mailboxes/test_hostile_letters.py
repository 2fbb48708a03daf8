"""Letters made to harm: small ones that unpack to much, and texts that parsers take very long for."""

from __future__ import annotations

import bz2
import resource
import time
from base64 import b64encode

import pytest

from kniga.mailboxes import apart
from kniga.mailboxes.apart import Reader, reader
from kniga.mailboxes.html_text import LONGEST_TEXT, text_of_html
from kniga.mailboxes.quoting import split_quoted
from kniga.mailboxes.reading import read_letter
from tests.mailboxes.conftest import letter


def _bomb() -> str:
    """Some hundred bytes that hold a hundred million."""
    packer = bz2.BZ2Compressor()
    packed = b"".join(packer.compress(b"a" * 1_000_000) for _part in range(100))
    return b64encode(packed + packer.flush()).decode()


BOMB = _bomb()


def _typed(content_type: str, body: str) -> bytes:
    return (
        f"From: a@b.test\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}\r\n"
    ).encode()


@pytest.mark.parametrize("charset", ["bz2", "zlib", "bz2_codec", "punycode", "unicode_escape", "rot13", "x" * 5000])
def test_what_is_no_charset_unpacks_nothing(charset: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    head = f"From: a@b.test\r\nSubject: =?{charset}?B?{BOMB}?=\r\n".encode()
    read = read_letter(head + _typed(f"text/plain; charset={charset}", BOMB))
    assert read.sender == "a@b.test" and len(read.body) < 2000 and len(read.subject) <= 1000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.parametrize(
    "content",
    [
        _typed("text/plain; x=" + ";" * 400_000, b64encode(b"Hello").decode()),
        b"From: a@b.test\r\nContent-Disposition: inline; filename" + b";" * 400_000 + b"\r\n\r\nHello",
        b"From: a@b.test\r\nSubject: " + b"=?a?q?" * 100_000 + b"\r\n\r\nHello",
        b"From: " + b'"' * 300_000 + b"a@b.test\r\n\r\nHello",
        b"From: a@b.test\r\n\r\n" + b">\r\n" * 60_000 + b"plain",
        b"From: a@b.test\r\n\r\nx\r\n" + b"@" * 190_000 + b"\r\n> quoted",
        b"From: a@b.test\r\nContent-Type: text/html\r\n\r\n" + (b"<blockquote>" * 250 + b"x<br>" * 2000) * 60,
    ],
    ids=["parameters", "disposition", "words", "address", "quotes", "names", "blockquotes"],
)
def test_what_parsers_take_the_square_of_is_read_at_once(content: bytes) -> None:
    began = time.process_time()
    read_letter(content)
    assert time.process_time() - began < 3


def test_quotations_in_quotations_are_marked_so_deep_and_no_text_is_longer_than_a_book() -> None:
    text = text_of_html("<blockquote>" * 250 + "x<br>" * 100_000)
    assert len(text) < LONGEST_TEXT + 10_000 and text.startswith("> " * 20 + "x")


def test_the_tail_of_quoted_lines_is_found_as_before() -> None:
    assert split_quoted("Hello\n> a\nplain\n> b\n\n> c") == ("Hello\n> a\nplain", "> b\n\n> c")


def test_a_letter_reads_the_same_in_a_process_of_its_own() -> None:
    content = letter("Добрый день\n\n> quoted", subject="Ёж", References="<a@b>")
    with reader() as letters:
        assert letters.read(content) == read_letter(content)
        assert letters.read(content, is_cut=True) == read_letter(content, is_cut=True)


def test_a_letter_that_takes_too_long_is_broken_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with reader() as letters:
        letters.read(letter())
        monkeypatch.setattr(apart, "MOST_SECONDS", 0.0)
        late = letters.read(letter("x" * 3_000_000))
        monkeypatch.undo()
        assert late.is_broken and late.body.startswith("From: Anna")
        assert letters.read(letter()).body == "Please call me."


def test_a_reader_that_does_not_begin_is_no_letters_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart.sys, "executable", "/bin/true")
    with pytest.raises(RuntimeError):
        Reader().read(letter())
