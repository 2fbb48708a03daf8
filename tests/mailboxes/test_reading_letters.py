"""Letters of every making are read: charsets, HTML, parts, damage; nothing they hold stops the reading."""

from __future__ import annotations

import random
from base64 import b64encode
from email.message import EmailMessage

import pytest

from kniga.mailboxes.html_text import text_of_html
from kniga.mailboxes.quoting import split_quoted
from kniga.mailboxes.reading import Attachment, read_letter
from tests.mailboxes.conftest import letter


@pytest.mark.parametrize("charset", ["utf-8", "koi8-r", "windows-1251", "iso-8859-5", "utf-16"])
def test_headers_and_text_are_read_in_any_charset(charset: str) -> None:
    word = f"=?{charset}?B?{b64encode('Заявка на стеллажи'.encode(charset)).decode()}?="
    head = f"From: {word} <a@b.test>\r\nSubject: {word}\r\nContent-Type: text/plain; charset={charset}\r\n"
    body = b64encode("Добрый день, ёжик".encode(charset)).decode()
    read = read_letter(f"{head}Content-Transfer-Encoding: base64\r\n\r\n{body}".encode())
    assert (read.sender_name, read.subject, read.body) == ("Заявка на стеллажи",) * 2 + ("Добрый день, ёжик",)


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251"])
def test_bytes_that_name_no_charset_or_a_wrong_one_are_guessed(charset: str) -> None:
    raw = "From: Анна <a@b.test>\r\nSubject: Стеллажи\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nПривет"
    read = read_letter(raw.encode(charset))
    assert (read.sender_name, read.sender, read.subject, read.body) == ("Анна", "a@b.test", "Стеллажи", "Привет")


def test_a_text_that_ends_in_the_middle_of_a_letter_keeps_its_charset() -> None:
    raw = "From: a@b.test\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nПривет".encode()
    assert read_letter(raw[:-1], is_cut=True).body == "Приве"


def test_of_two_forms_of_a_text_the_plain_one_is_taken_and_files_are_listed() -> None:
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = "Anna <a@b.test>", "Plan", "<1@b.test>"
    made.set_content("The plan is attached.")
    made.add_alternative("<p>Other</p>", subtype="html")
    made.add_attachment(b"12345", maintype="application", subtype="pdf", filename="План склада.pdf")
    read = read_letter(made.as_bytes())
    assert read.body == "The plan is attached."
    assert read.attachments == (Attachment("План склада.pdf", "application/pdf", 5),)
    assert read_letter(made.as_bytes()[:-40], is_cut=True).attachments[0].size == -1


HTML = """<html><head><style>p{color:red}</style><title>T</title></head><body><p>Hello,<br>
I want <b>10</b>&nbsp;racks.</p>
<ul><li>one</li><li>two</li></ul><p><a href="https://example.test/plan">the plan</a></p><script>alert(1)</script>
<table><tr><td>a</td><td>b</td></tr></table><blockquote>Dear Anna</blockquote></body></html>"""


def test_html_is_read_as_a_person_sees_it() -> None:
    assert text_of_html(HTML) == (
        "Hello,\nI want 10 racks.\n\n- one\n- two\n\nthe plan (https://example.test/plan)\n\na b\n\n> Dear Anna"
    )
    assert text_of_html("") == "" and text_of_html("<div>" * 3000 + "deep") is not None


QUOTED = [
    ("Yes.\n\nOn Mon, 2 Mar 2026 Roman wrote:\n> Shall we?\n> Yes?", "Yes."),
    ("Да.\n\nпн, 2 мар. 2026 г. в 10:00, Роман <r@k.test>:\n> Берём?", "Да."),
    ("Да.\n\n02.03.2026 10:00, Роман пишет:\n> Берём?", "Да."),
    ("Yes.\n\n-----Original Message-----\nFrom: r@k.test\nShall we?", "Yes."),
    ("Да.\n\nОт: Роман <r@k.test>\nОтправлено: 2 марта\nТема: КП\n\nБерём?", "Да."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "written"), QUOTED)
def test_what_a_letter_answers_to_is_told_from_what_was_written(text: str, written: str) -> None:
    found, quoted = split_quoted(text)
    assert found == written and quoted and (found + quoted).replace("\n", "") == text.replace("\n", "")


@pytest.mark.parametrize("text", ["> Shall we?\nYes.\n> When?\nNow.", "> all of it", "No quotes here: wrote"])
def test_answers_between_the_lines_are_not_folded(text: str) -> None:
    assert split_quoted(text) == (text, "")


BROKEN = [
    b"", b"\0\xff\xfe", b"\r\n\r\n", b"From: =?x?q?=\r\n\r\nx", b"From: a@b.test\r\nDate: 99 Foo 0\r\n\r\nx",
    b"From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n",
    b"From: a@b.test\r\nContent-Type: text/plain; charset=rot13\r\n\r\nx",
    b"From: a@b.test\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    b"From: a@b.test\r\nContent-Disposition: attachment; filename*=x'y\r\n\r\nx",
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN)
def test_damaged_letters_are_read_as_far_as_they_go(content: bytes) -> None:
    read = read_letter(content)
    assert len(read.digest) == 64 and "\0" not in read.body + read.subject + read.sender


def test_a_thousand_mutilated_letters_never_stop_the_reading() -> None:
    chance = random.Random(7)
    made = EmailMessage()
    made["From"], made["Subject"] = "Анна <a@b.test>", "План"
    made.set_content("Привет")
    made.add_alternative("<p>Привет</p>", subtype="html")
    made.add_attachment(b"12345", maintype="message", subtype="x", filename="a.eml")
    whole = made.as_bytes()
    for _one in range(1000):
        content = bytearray(whole)
        for _change in range(chance.randrange(1, 30)):
            place = chance.randrange(len(content))
            content[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        read = read_letter(bytes(content[: chance.randrange(len(content))]))
        (read.subject + read.sender + read.sender_name + read.body + read.quoted).encode()


def test_a_letter_of_very_many_parts_inside_parts_is_read() -> None:
    head = b"From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n"
    parts = [b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(2000)]
    assert read_letter(head + b"".join(parts)).digest
    flat = head + b"".join(b"--b0\r\nContent-Type: image/png\r\n\r\nx\r\n" for _one in range(2000))
    assert len(read_letter(flat).attachments) == 50


def test_the_same_letter_by_another_way_has_the_same_digest_and_another_letter_has_not() -> None:
    assert read_letter(letter()).digest == read_letter(b"Received: x\r\n" + letter()).digest
    assert read_letter(letter()).digest != read_letter(letter(subject="Other")).digest
