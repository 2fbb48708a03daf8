"""A department with a mailbox, read from a real server on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from proofs.letter_box import PASSWORD, USER, LetterBox, letter_box

from kniga.clients.contact_services import ContactInput
from kniga.clients.models import Client
from kniga.clients.services import create_client
from kniga.deals.models import Deal
from kniga.mailboxes.models import Mailbox, ReceivedLetter
from kniga.mailboxes.rounds import Round, read_round
from kniga.mailboxes.services import MailboxSettings, create_mailbox
from tests.processes.conftest import NOW, Department, _fresh_caches, department, make_department
from tests.processes.conftest import NOW as STARTED

__all__ = ["NOW", "Department", "Post", "_fresh_caches", "department", "letter", "make_department", "post"]
CAME = STARTED + timedelta(minutes=5)


@dataclass
class Post:
    """The department's mailbox and the server it is read from."""

    department: Department
    box: LetterBox
    mailbox: Mailbox

    def put(self, content: bytes, came_at: datetime = CAME) -> int:
        return self.box.put(content, came_at=came_at)

    def read(self, **more: Any) -> Round:
        return read_round(mailbox_id=self.mailbox.pk, clock=lambda: CAME + timedelta(minutes=1), **more)

    def take(self, content: bytes) -> ReceivedLetter:
        """Put a letter into the box and read it."""
        uid = self.put(content)
        assert self.read().trouble == ""
        return ReceivedLetter.objects.get(uid=uid, uid_validity=self.box.uid_validity)

    def settings(self, **more: Any) -> MailboxSettings:
        given = MailboxSettings(
            name="Sales", address="sales@kniga.test", host="127.0.0.1", login=USER, password=PASSWORD,
            port=self.box.port, security="none", process_key="small_sale", owner=self.department.other,
        )  # fmt: skip
        return replace(given, **more)

    def known(self, address: str = "anna@client.test", **more: Any) -> Client:
        """A client of the rep with this address."""
        rep = self.department.rep
        contact = ContactInput("Anna", emails=(address,))
        return create_client(owner=rep, contacts=[contact], by=rep, now=NOW, name="Anna's Shop", **more)


def letter(
    text: str = "Please call me.", *, sender: str = "Anna <anna@client.test>", subject: str = "Racks", id: str = "1",
    **headers: str,
) -> bytes:  # fmt: skip
    """A plain letter; `headers` by name, "_" for "-"."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"From: {sender}\r\nTo: sales@kniga.test\r\nSubject: {subject}\r\nMessage-ID: <{id}@client.test>\r\n"
        f"Date: Mon, 2 Mar 2026 10:05:00 +0300\r\n{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


@pytest.fixture
def post(department: Department) -> Iterator[Post]:
    Deal.objects.update(number=900)  # the department's was made past the numbers
    with letter_box() as box:
        made = Post(department, box, Mailbox())
        made.mailbox = create_mailbox(given=made.settings(), by=None, now=NOW)
        yield made
