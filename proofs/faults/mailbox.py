"""Kill the job workers at random while they read a mailbox; every letter must come to where it belongs, once.

    python -m proofs.faults.mailbox [--letters 600] [--seed 1] [--home FOLDER]

A server on the loopback gets answers to letters of running deals, letters of strangers, answers of machines, bounces,
damaged letters and letters that come twice, while two job workers read it and are killed (kill -9) every few letters.
It breaks off in the middle of letters, numbers all of them anew half-way, and does not give one out. Among the letters
are some made to exhaust who reads them. At the end another folder is read whose letters have the numbers of the first.
Then the tables are compared with what was put in.
"""

from __future__ import annotations

import argparse
import bz2
import contextlib
import random
import sys
import time
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from proofs.faults.killing.crew import Crew
from proofs.faults.two_workers import database_in
from proofs.harness import Report, note, run, temporary_home
from proofs.letter_box import PASSWORD, USER, LetterBox, letter_box

LIVES = (1e9, 1e9)
"""Workers die by what has been read, not by the clock: so it comes out alike on slow machines and fast ones."""
LETTERS_OF_A_LIFE = (5, 40)
DEALS = 40
PATIENCE = 1200.0
BOOK = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:kniga="urn:kniga:bpmn:1"
             id="d" targetNamespace="urn:kniga:proofs">
<message id="m" name="client_letter" kniga:correlation="thread"/>
<process id="asks" name="Asks" isExecutable="true"><startEvent id="start"/>
<intermediateCatchEvent id="wait"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
<userTask id="read" name="Read" kniga:kind="mail" kniga:assignee="owner"><extensionElements>
<kniga:deadline duration="P1D"/><kniga:script>Read.</kniga:script><kniga:outcome key="ok" label="Ok"/>
</extensionElements></userTask><endEvent id="end"/>
<sequenceFlow id="a" sourceRef="start" targetRef="wait"/><sequenceFlow id="b" sourceRef="wait" targetRef="read"/>
<sequenceFlow id="c" sourceRef="read" targetRef="end"/></process>
<process id="requests" name="Requests" isExecutable="true"><startEvent id="start2"/>
<userTask id="call" name="Call" kniga:kind="call" kniga:assignee="owner"><extensionElements>
<kniga:deadline duration="P1D"/><kniga:script>Call.</kniga:script><kniga:outcome key="ok" label="Ok"/>
</extensionElements></userTask><endEvent id="end2"/>
<sequenceFlow id="d1" sourceRef="start2" targetRef="call"/><sequenceFlow id="e" sourceRef="call" targetRef="end2"/>
</process></definitions>"""


@dataclass
class Expected:
    """What was put into the box: Message-ID → the deal it answers to; the addresses of strangers; the others."""

    answers: dict[str, int] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    machines: set[str] = field(default_factory=set)
    damaged: int = 0
    hostile: int = 0
    refused: int = 0
    twice: int = 0

    @property
    def count(self) -> int:
        return len(self.answers) + len(self.strangers) + len(self.machines) + self.damaged + self.refused


def main(report: Report) -> None:
    chosen = _arguments()
    with contextlib.ExitStack() as stack:
        home = chosen.home or stack.enter_context(temporary_home())
        stack.enter_context(database_in(home))
        folder = home / "said"
        folder.mkdir()
        box = stack.enter_context(letter_box())
        mailbox_id, deals = _begin(box)
        crew = stack.enter_context(Crew.working(folder, chosen.seed))
        chance = random.Random(chosen.seed)
        letters, expected = _letters(chosen.letters, deals, chance)
        began = time.monotonic()
        crew.add_workers(LIVES)
        _feed(box, letters, crew, mailbox_id, chance, expected)
        _change_folder(box, mailbox_id, chance, expected)
        seconds = time.monotonic() - began
        crew.dismiss("worker")
        report.line("letters put in", len(letters), "letters", against=f"{expected.twice} of them come twice")
        report.line("workers killed", crew.kills["worker"], "kills", goal="> 0", holds=crew.kills["worker"] > 0)
        report.line("letters made to exhaust who reads them", expected.hostile, "letters", goal="> 0",
                    holds=expected.hostile > 0)  # fmt: skip
        report.line("letters given out by the server", box.fetched, "letters", against=f"{seconds:.0f} s")
        _judge(report, expected, deals)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, help="an empty folder that is kept, to look at afterwards")
    return parser.parse_args()


def _begin(box: LetterBox) -> tuple[int, dict[int, int]]:
    """A rep with running deals, and a mailbox; its id, and the deals' instances."""
    from kniga.clients.services import create_client
    from kniga.mailboxes.services import create_mailbox
    from kniga.people.models import User
    from kniga.platform import clock
    from kniga.processes.models import Instance
    from kniga.processes.opening import start_deal
    from kniga.processes.versions.publishing import publish_version, upload_version

    now = clock.now()
    rep = User.objects.create_user("rep@proof.example", name="Roman Rep", role="rep")
    for xml in _books():
        publish_version(version_id=upload_version(xml=xml, note="", by=None, now=now).pk, by=None, now=now)
    for number in range(DEALS):
        client = create_client(owner=rep, by=rep, now=now, name=f"Client {number}")
        start_deal(client=client, process_key="asks", owner=rep, by=rep, now=now, name=f"Deal {number}")
    made = create_mailbox(given=_settings(box, rep), by=None, now=now)
    return made.pk, dict(Instance.objects.values_list("deal_id", "pk"))


def _settings(box: LetterBox, owner: Any) -> Any:
    from kniga.mailboxes.services import MailboxSettings

    return MailboxSettings(
        "Sales", "sales@proof.example", "127.0.0.1", USER, PASSWORD, box.port, "none", box.folder,
        process_key="requests", owner=owner,
    )  # fmt: skip


def _books() -> list[bytes]:
    head, asks, requests = BOOK.partition("<process ")[0], *BOOK.split("<process ")[1:]
    bare = head.partition("<message ")[0]
    return [f"{head}<process {asks}</definitions>".encode(), f"{bare}<process {requests}".encode()]


def _letters(count: int, deals: dict[int, int], chance: random.Random) -> tuple[list[bytes], Expected]:
    expected, made, named = Expected(), [], []
    places = list(deals.items())
    for number in range(count):
        kind = chance.choices(("answer", "stranger", "machine", "damaged", "twice", "hostile"), (52, 9, 16, 6, 12, 5))[
            0
        ]
        if kind == "stranger" and len(expected.strangers) >= 60:
            kind = "answer"
        if kind == "twice" and named:
            expected.twice += 1
            made.append(b"Received: from another.example\r\n" + chance.choice(named))
        elif kind == "damaged":
            expected.damaged += 1
            made.append(b"X-Number: %d\r\n" % number + chance.randbytes(chance.randrange(400)))
        elif kind == "hostile":
            expected.hostile += 1
            plain = _letter("machine", number, chance.choice(places), expected, chance)
            made.append(plain.partition(b"\r\n\r\n")[0] + b"\r\n" + chance.choice(_hostile()))
        else:
            named.append(_letter(kind, number, chance.choice(places), expected, chance))
            made.append(named[-1])
    return made, expected


@cache
def _hostile() -> tuple[bytes, ...]:
    """The ends of letters that are small and unpack to much, or that parsers take the square of the time for."""
    packer = bz2.BZ2Compressor()
    packed = b"".join(packer.compress(bytes(1_000_000)) for _part in range(400)) + packer.flush()
    bomb = b64encode(packed)
    coded = b"Content-Transfer-Encoding: base64\r\n\r\n" + bomb
    return (
        b"Content-Type: text/plain; charset=bz2\r\n" + coded,
        b"X-Was: x\r\nContent-Type: text/plain; charset=zlib\r\n" + coded,
        b"Content-Type: text/plain; x=" + b";" * 80_000 + b"\r\n\r\nHello",
        b"\r\n" + b">\r\n" * 60_000 + b"plain",
        b"Content-Type: text/html\r\n\r\n" + b"<blockquote>" * 250 + b"x<br>" * 150_000,
        b"References: " + b"".join(b"<kniga-%d@x> " % number for number in range(1500)) + b"\r\n\r\nHello",
    )


def _letter(kind: str, number: int, deal: tuple[int, int], expected: Expected, chance: random.Random) -> bytes:
    from kniga.documents.threads import name_of_letter, name_of_thread

    name, sender, more = f"<{number}@client.example>", f"who{number}@client.example", ""
    if kind == "stranger":
        expected.strangers.add(sender)
    elif kind == "answer":
        expected.answers[name] = deal[0]
        ours = chance.choice((name_of_thread(deal[1]), name_of_letter(deal[1], f"work-{number}")))
        more = f"In-Reply-To: {ours}\r\n"
    else:
        expected.machines.add(name)
        more = chance.choice(("Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n", "Return-Path: <>\r\n"))
    return (
        f"From: Who {number} <{sender}>\r\nTo: sales@proof.example\r\nSubject: Letter {number}\r\n"
        f"Message-ID: {name}\r\n"
        f"Date: {datetime.now().astimezone():%a, %d %b %Y %H:%M:%S %z}\r\n{more}\r\nText of letter {number}.\r\n"
    ).encode()


def _feed(
    box: LetterBox, letters: list[bytes], crew: Crew, mailbox_id: int, chance: random.Random, expected: Expected
) -> None:
    """Put the letters in, a few at a time, and go on killing until all have been taken."""
    from kniga.mailboxes.jobs import queue_round
    from kniga.mailboxes.models import ReceivedLetter

    waiting, renumbered, ends = list(letters), False, time.monotonic() + PATIENCE
    next_kill = chance.randrange(*LETTERS_OF_A_LIFE)
    while time.monotonic() < ends:
        for content in waiting[:20]:
            box.put(content)
        del waiting[:20]
        if chance.random() < 0.2:
            box.breaking += 1
        taken = ReceivedLetter.objects.count()
        if not renumbered and taken * 2 > expected.count:
            box.renumber()
            renumbered = True
            expected.refused += 1
            box.refused.add(box.next_uid)
            box.put(b"From: x@client.example\r\n\r\nIt is not given out.")
            note(f"{taken} letters taken, all numbered anew, {crew.kills['worker']} workers killed")
        if not waiting and renumbered and taken >= expected.count and _is_read(mailbox_id, box):
            return
        queue_round(mailbox_id)
        if box.fetched >= next_kill:
            next_kill = box.fetched + chance.randrange(*LETTERS_OF_A_LIFE)
            chance.choice(crew.hands).dies_at = 0.0
        time.sleep(chance.uniform(0.0, 0.4))
        crew.kill_some()


def _change_folder(box: LetterBox, mailbox_id: int, chance: random.Random, expected: Expected) -> None:
    """Read another folder, whose letters have the numbers those of the first one had."""
    from kniga.mailboxes.jobs import queue_round
    from kniga.mailboxes.models import Mailbox
    from kniga.mailboxes.services import update_mailbox
    from kniga.platform import clock

    mailbox = Mailbox.objects.select_related("owner").get(pk=mailbox_id)
    box.folder = "Second"
    update_mailbox(
        mailbox=mailbox, revision=mailbox.revision, given=_settings(box, mailbox.owner), by=None, now=clock.now()
    )
    box.letters.clear()
    box.refused.clear()
    box.next_uid = 1
    for number in range(10):
        box.put(_letter("machine", 1_000_000 + number, (0, 0), expected, chance))
    ends = time.monotonic() + PATIENCE
    while not _is_read(mailbox_id, box) and time.monotonic() < ends:
        queue_round(mailbox_id)
        time.sleep(0.2)


def _is_read(mailbox_id: int, box: LetterBox) -> bool:
    from kniga.mailboxes.models import Mailbox

    place = Mailbox.objects.values_list("uid_validity", "last_uid").get(pk=mailbox_id)
    return place == (box.uid_validity, box.next_uid - 1)


def _judge(report: Report, expected: Expected, deals: dict[int, int]) -> None:
    from kniga.clients.models import Channel
    from kniga.deals.models import Deal
    from kniga.mailboxes.models import ReceivedLetter
    from kniga.people.models import Notice
    from kniga.platform.models import Event
    from kniga.processes.models import Message, Task

    kept: list[Any] = list(ReceivedLetter.objects.values_list("message_id", "deal_id", "sender", "kind", "why"))
    report.line("letters kept", len(kept), "letters", against=f"{expected.count} put in", goal="each once",
                holds=len(kept) == expected.count)  # fmt: skip
    by_name = Counter(row[0] for row in kept if row[0])
    _nothing(report, "letters kept twice", sum(count > 1 for count in by_name.values()))
    where = {row[0]: row[1] for row in kept}
    wrong = sum(where.get(name) != deal for name, deal in expected.answers.items())
    _nothing(report, "answers not with the deal they answer to", wrong)
    begun = Deal.objects.exclude(pk__in=deals).count()
    report.line("deals begun", begun, "deals", against=f"{len(expected.strangers)} strangers", goal="one each",
                holds=begun == len(expected.strangers))  # fmt: skip
    known = Channel.objects.filter(value__in=expected.strangers).count()
    _nothing(report, "strangers missing or made clients twice", abs(known - len(expected.strangers)))
    _nothing(report, "machines that began or moved something",
             sum(where.get(name) is not None for name in expected.machines))  # fmt: skip
    told = Event.objects.filter(kind="mailboxes.letter.received").count()
    _nothing(report, "letters the ledger tells of twice or not at all", abs(told - expected.count))
    messages = Message.objects.filter(source="email", name="client_letter").count()
    _nothing(report, "answers processes got twice or not at all", abs(messages - len(expected.answers)))
    moved = Task.objects.filter(element="read").count()
    _nothing(report, "deals that waited and did not go on, or twice", abs(moved - len(set(expected.answers.values()))))
    notices = Notice.objects.filter(kind="letter", title__contains="Letter ").count()
    _nothing(report, "letters reps were told of twice or not at all",
             abs(notices - len(expected.answers) - len(expected.strangers)))  # fmt: skip
    passed = sum(row[4] == "not_given" for row in kept)
    _nothing(report, "letters not given out that nobody has word of", abs(passed - expected.refused))
    _nothing(report, "letters that broke something", sum(row[4] in ("inside", "refused") for row in kept))


def _nothing(report: Report, name: str, count: int) -> None:
    report.line(name, count, "letters", goal="0", holds=count == 0)


if __name__ == "__main__":
    sys.exit(run(main))
