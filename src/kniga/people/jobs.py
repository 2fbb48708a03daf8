"""Work done in the background: the letters of notices."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from kniga.people.letters import MOST_TRIES, send_queued
from kniga.platform import clock


class LettersLeft(Exception):
    """The mail server has not taken all letters: they are tried again."""


@app.task(queue="letters", retry=RetryStrategy(max_attempts=MOST_TRIES, exponential_wait=5))
def send_letters(notice_ids: list[int]) -> None:
    """Send the letters of notices; those the mail server does not take come again, each time after a longer wait."""
    left = send_queued(notice_ids=notice_ids, now=clock.now())
    if left:
        raise LettersLeft(f"{left} letters have to be tried again")
