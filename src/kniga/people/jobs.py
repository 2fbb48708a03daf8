"""Work done in the background: the letters of notices, and the notices that have had their day."""

from __future__ import annotations

from typing import Final

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from kniga.people import notices
from kniga.people.letters import MOST_TRIES, send_queued
from kniga.platform import clock


class LettersLeft(Exception):
    """The mail server has not taken all letters: they are tried again."""


SHORTEST_WAIT: Final = 60
LONGEST_WAIT: Final = 3600
"""Seconds between two tries: they double up to the longest."""


class OverADay(BaseRetryStrategy):
    """As many tries as a letter has, at most an hour apart: so that "failed" is shown the next day."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again; None when it has been tried often enough."""
        if job.attempts >= MOST_TRIES:
            return None
        return RetryDecision(retry_in={"seconds": min(LONGEST_WAIT, SHORTEST_WAIT * 2**job.attempts)})


@app.task(queue="letters", retry=OverADay())
def send_letters(notice_ids: list[int]) -> None:
    """Send the letters of notices; those the mail server does not take come again, each time after a longer wait."""
    left = send_queued(notice_ids=notice_ids, now=clock.now())
    if left:
        raise LettersLeft(f"{left} letters have to be tried again")


@app.periodic(cron="37 3 * * *")
@app.task(queue="platform", queueing_lock="forget_old_notices", pass_context=False)
def forget_old_notices(timestamp: int) -> None:
    """Every night: delete notices that were read long ago."""
    notices.forget_old(now=clock.now())
