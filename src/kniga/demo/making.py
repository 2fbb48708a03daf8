"""Make the whole demo department."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from kniga.demo.editions import happenings
from kniga.demo.leads import midnight, open_market
from kniga.demo.names import Names
from kniga.demo.overseeing import Overseeing
from kniga.demo.papers import install_department_books, keep_templates
from kniga.demo.people import SignIn, hire
from kniga.demo.requests import keep_form, requests
from kniga.demo.simulation import Progress, Simulation
from kniga.demo.words import Words
from kniga.people.models import User
from kniga.people.notices import without_letters
from kniga.platform.clock import VirtualClock, running_on
from kniga.platform.errors import Refused
from kniga.platform.ledger import ensure_partitions
from kniga.platform.working_time import WorkCalendar, forget_calendar, organisation_calendar

MOST_MONTHS: Final = 60


@dataclass(frozen=True, slots=True)
class Demo:
    """What was made: how to sign in, and how much there is."""

    sign_ins: tuple[SignIn, ...]
    clients: int
    deals: int
    completed: int


def make_demo(
    *, seed: int = 1, months: int = 6, language: str = "ru", now: datetime, progress: Progress | None = None
) -> Demo:
    """Fill an empty database with a department that has worked for `months` up to last midnight.

    The same seed, months, language and day give the same department. `progress(done, all)` is called after each
    day lived. Raises Refused: `not_empty`, `months_wrong`, `language_unknown`.
    """
    words = _checked(months, language)
    dice = Random(f"{seed}/{months}/{language}")
    with translation.override(language):
        calendar = organisation_calendar()
        last = now.astimezone(calendar.zone).date()
        first = _months_before(last, months)
        ensure_partitions(first, last + timedelta(days=62))
        clock = VirtualClock(midnight(first, calendar))
        with running_on(clock), without_letters():
            # People are the same whatever the span, so that their addresses can be written down.
            simulation, sign_ins = _furnish(words, dice, Random(f"{seed}/{language}"), clock, first, last)
            simulation.run(first, last, progress or _silent)
    with connection.cursor() as cursor:
        # The planner has seen nothing of what was just written.
        cursor.execute("ANALYZE")
    clients = sum(len(found) for found in simulation.market.clients.values())
    return Demo(sign_ins, clients, _deals(), simulation.completed)


def _furnish(
    words: Words, dice: Random, staff_dice: Random, clock: VirtualClock, first: date, last: date
) -> tuple[Simulation, tuple[SignIn, ...]]:
    names = Names(words, dice)
    now = clock.moment
    staff = hire(words, Names(words, staff_dice), staff_dice, now)
    forget_calendar()
    keep_templates(language=words.language, by=staff.buyer, now=now)
    install_department_books(language=words.language, by=None, now=now)
    market = open_market(words, names, dice, staff.buyer, now)
    calendar: WorkCalendar = organisation_calendar()
    managers = [worker.user for worker in staff.workers if not worker.is_rep]
    overseeing = Overseeing(managers, words.taken_up, words.written, Random(f"overseeing/{words.language}"))
    made = Simulation(market, staff.workers, clock, calendar, dice, last, overseeing)
    made.plan(happenings(language=words.language, by=staff.buyer, first=first, last=last, calendar=calendar))
    keep_form(owner=next(one.user for one in staff.workers if one.is_rep), by=staff.buyer, now=now)
    made.plan(requests(words=words, first=first, last=last, calendar=calendar, begun=made.adopt))
    return made, staff.sign_ins


def _checked(months: int, language: str) -> Words:
    if User.objects.exists():
        message = _("This database has people in it already. Make a demo in an empty one: set KNIGA_HOME.")
        raise Refused("not_empty", message)
    if not 1 <= months <= MOST_MONTHS:
        raise Refused("months_wrong", _("A demo has 1 to %(most)d months.") % {"most": MOST_MONTHS}, field="months")
    if language == "ru":
        from kniga.demo.words.ru import WORDS as RUSSIAN

        return RUSSIAN
    if language == "en":
        from kniga.demo.words.en import WORDS as ENGLISH

        return ENGLISH
    raise Refused("language_unknown", _("Choose one of the languages."), field="lang")


def _months_before(day: date, months: int) -> date:
    month = day.year * 12 + day.month - 1 - months
    return date(month // 12, month % 12 + 1, min(day.day, 28))


def _deals() -> int:
    from kniga.deals.models import Deal

    return Deal.objects.count()


def _silent(done: int, total: int) -> None:
    """For callers that watch nothing."""
