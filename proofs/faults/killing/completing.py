"""One who completes tasks as people do, through the product's services; a process of its own that may be killed.

What it was told goes into a file at once, a line each, so that it outlives the process:

    C task    the completion was acknowledged        R code    politely refused
    U task    its undoing was acknowledged           E text    anything else: a fault
    M id      a message was taken in
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from proofs.faults.killing.books import HALT, PICK, REPLY
from proofs.faults.killing.department import HEAD

AT_ONCE = 150
_OPEN = """
SELECT id, element FROM processes_task
WHERE status = 'open' AND (deal_id %% %s = %s OR random() < %s) ORDER BY random() LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Share:
    """What one of them does: tasks of every `parts`-th deal, and a few of the others' (`strays`), so that two want
    the same; `is_last`: brings every process to its end."""

    log: str
    stop: str
    seed: int
    part: int
    parts: int
    strays: float = 0.02
    messages: float = 0.05
    undone: float = 0.01
    is_last: bool = False

    @property
    def arguments(self) -> list[str]:
        """The command line that does this share."""
        program = "from proofs.faults.killing.completing import main; main()"
        return [sys.executable, "-c", program, json.dumps(asdict(self))]


def main() -> None:
    """Do the share given as JSON until the file `stop` is there."""
    import django

    django.setup()
    share = Share(**json.loads(sys.argv[1]))
    log = os.open(share.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    _Completer(share, log).run()


class _Completer:
    def __init__(self, share: Share, log: int) -> None:
        from kniga.deals.models import Deal
        from kniga.people.models import User

        self.share, self.log = share, log
        self.chance = random.Random(share.seed)
        self.head = User.objects.get(email=HEAD)
        self.deals = list(Deal.objects.values_list("pk", flat=True))

    def run(self) -> None:
        stop = Path(self.share.stop)
        for task, element in self._tasks():
            if stop.exists():
                return
            self._attempt(self._complete, task, element)
            if not self.share.is_last and self.chance.random() < self.share.messages:
                self._attempt(self._send)

    def _tasks(self) -> Iterator[tuple[int, str]]:
        """Open tasks for ever; a process without open tasks may get some, so an empty answer is asked again."""
        import time

        from django.db import connection

        share = self.share
        while not Path(share.stop).exists():
            with connection.cursor() as cursor:
                cursor.execute(_OPEN, [share.parts, share.part, share.strays, AT_ONCE])
                found = cursor.fetchall()
            if not found:
                time.sleep(0.05)
            yield from found

    def _attempt(self, act: Any, *arguments: Any) -> None:
        from django.db import connection

        from kniga.platform.errors import NotVisible, Refused

        try:
            act(*arguments)
        except Refused as refused:
            self._say("R", refused.code)
        except NotVisible:
            self._say("R", "gone")
        except Exception as error:
            # Whatever it is, a person would see an error page; the judge counts it.
            self._say("E", f"{act.__name__} {arguments}: {type(error).__name__}: {error}".replace("\n", " | "))
            connection.close()

    def _complete(self, task: int, element: str) -> None:
        from kniga.platform import clock
        from kniga.processes.services import complete_task, undo_completion

        complete_task(task_id=task, outcome=self._outcome(element), answers={}, by=self.head, now=clock.now())
        self._say("C", task)
        if not self.share.is_last and self.chance.random() < self.share.undone:
            undo_completion(task_id=task, by=self.head, now=clock.now())
            self._say("U", task)

    def _send(self) -> None:
        from kniga.platform import clock
        from kniga.processes.correlation.messaging import receive_message

        name = self.chance.choices((REPLY, HALT), (3, 2))[0]
        deal, ttl = self.chance.choice(self.deals), timedelta(seconds=self.chance.randint(1, 60))
        received = receive_message(name=name, source="api", now=clock.now(), deal_id=deal, ttl=ttl)
        self._say("M", received.message_id)

    def _outcome(self, element: str) -> str:
        if element == "pick":
            return "won" if self.share.is_last else self.chance.choices(tuple(PICK), tuple(PICK.values()))[0]
        return self.chance.choice(("yes", "no")) if element == "approve" else "ok"

    def _say(self, what: str, which: object) -> None:
        os.write(self.log, f"{what} {which}\n".encode())
