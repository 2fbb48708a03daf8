"""The life of the department: leads come, people do their tasks through the real services, timers fire.

A discrete-event simulation: a heap of moments, each a lead or a task somebody gets to. Nothing is written past
the engine; the only private knowledge is how a client likes us and how good a rep is.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from django.db import transaction

from kniga.demo.behaviour import answer_questions, choose_outcome, working_minutes
from kniga.demo.leads import Market, arrivals, midnight, take_lead
from kniga.demo.overseeing import Overseeing
from kniga.demo.people import Worker
from kniga.engine import UserTask
from kniga.platform.clock import VirtualClock
from kniga.platform.errors import Conflict, Refused
from kniga.platform.sqlparts import rows_of
from kniga.platform.working_time import WorkCalendar
from kniga.processes.background.sweeping import sweep_timers
from kniga.processes.desk.materials import make_document
from kniga.processes.services import complete_task
from kniga.processes.versions.definitions import runnable_version

HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_FAIR: Final = 0.9
_PAPERS_FOR: Final = 14 * _DAY
"""Documents are made on the last days only: they show how it looks, and each takes its time."""
_LATEST: Final = 4 * _DAY
_KEPT: Final = {"overdue": 2, "today": 4, "later": 3}
_NEW: Final = """
SELECT t.id, t.assignee_id, t.deal_id, t.element, t.kind, t.due_at, i.version_id, d.amount
FROM processes_task t JOIN processes_instance i ON i.id = t.instance_id JOIN deals_deal d ON d.id = t.deal_id
WHERE t.id > %s AND t.status = 'open' ORDER BY t.id
"""
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class DealLife:
    """What the simulation knows of a deal beside its rows."""

    liking: float
    done: Counter[str] = field(default_factory=Counter)


@dataclass(order=True, slots=True)
class Turn:
    """Somebody's turn: a lead for them, or a task of theirs (`task_id`)."""

    at: datetime
    order: int
    worker: Worker = field(compare=False)
    task_id: int = field(compare=False, default=0)
    deal_id: int = field(compare=False, default=0)
    element: str = field(compare=False, default="")
    kind: str = field(compare=False, default="")
    version_id: int = field(compare=False, default=0)
    amount: Decimal = field(compare=False, default=Decimal(0))


class Simulation:
    """Runs the department from `first` to the midnight before `last`; see `run`."""

    def __init__(
        self, market: Market, workers: tuple[Worker, ...], clock: VirtualClock, calendar: WorkCalendar, dice: Random,
        last: date, overseeing: Overseeing,
    ) -> None:  # fmt: skip
        self.overseeing = overseeing
        self.market, self.clock, self.calendar, self.dice = market, clock, calendar, dice
        self.workers = {worker.user.pk: worker for worker in workers}
        self.end = midnight(last, calendar)
        self.happenings: list[tuple[datetime, Callable[[datetime], None]]] = []
        self.deals: dict[int, DealLife] = {}
        self.turns: list[Turn] = []
        self.free_at: dict[int, datetime] = {}
        self.kept: Counter[tuple[int, str]] = Counter()
        self.last_task = 0
        self.order = 0
        self.completed = 0

    def plan(self, happenings: Mapping[datetime, Callable[[datetime], None]]) -> None:
        """Let something happen at its moment, beside what people do."""
        self.happenings = sorted([*self.happenings, *happenings.items()], key=lambda pair: pair[0])

    def adopt(self, deal_id: int) -> None:
        """Let people work at a deal that no lead of theirs began."""
        self.deals[deal_id] = DealLife(_FAIR)

    def run(self, first: date, last: date, progress: Progress) -> None:
        """Live through the days, each in one transaction."""
        for worker in self.workers.values():
            if worker.is_rep:
                for moment in arrivals(worker, first, last, self.calendar, self.dice):
                    self._push(Turn(moment, 0, worker))
        days = [first + timedelta(days=number) for number in range((last - first).days)]
        for number, day in enumerate(days):
            with transaction.atomic():
                self._live_through(day)
            progress(number + 1, len(days))
        self.overseeing.leave(self.clock.moment)

    def _live_through(self, day: date) -> None:
        ends = midnight(day + timedelta(days=1), self.calendar)
        while self.clock.moment < ends:
            until = min(self.clock.moment + HOUR, ends)
            while self.happenings and self.happenings[0][0] < until:
                moment, happen = self.happenings.pop(0)
                self.clock.move_to(max(moment, self.clock.moment))
                happen(self.clock.moment)
            while self.turns and self.turns[0].at < until:
                self._take(heapq.heappop(self.turns))
            self.clock.move_to(until)
            # A timer counts working time, so it is due within the hour before.
            if self.calendar.between(until - HOUR, until):
                self._fire_timers()

    def _take(self, turn: Turn) -> None:
        self.clock.move_to(max(turn.at, self.clock.moment))
        if not turn.task_id:
            self.deals[take_lead(self.market, turn.worker, turn.at)] = DealLife(self.dice.triangular(0.35, 1.7, 0.9))
        elif self.free_at.get(turn.worker.user.pk, turn.at) > turn.at:
            # Still at another task: this one waits.
            turn.at = self.free_at[turn.worker.user.pk]
            heapq.heappush(self.turns, turn)
            return
        else:
            self._work(turn)
        self._notice_tasks()

    def _work(self, turn: Turn) -> None:
        life = self.deals.get(turn.deal_id)
        if life is None:
            return
        step = runnable_version(turn.version_id).definition.user_task(turn.element)
        assert step is not None, "tasks come from steps"
        times = life.done[step.id]
        outcome = choose_outcome(step, skill=turn.worker.skill, liking=life.liking, times=times, dice=self.dice)
        answers = answer_questions(
            step, outcome, amount=turn.amount, now=self.clock.moment, words=self.market.words, dice=self.dice
        )
        self._make_papers(turn, step)
        try:
            moved = complete_task(
                task_id=turn.task_id, outcome=outcome.key, answers=answers, by=turn.worker.user,
                now=self.clock.moment,
            )  # fmt: skip
        except Conflict:
            # The deal moved on without this task: a lead looks into what a rep has just settled.
            return
        minutes = working_minutes(turn.kind, turn.worker.skill, self.dice)
        self.free_at[turn.worker.user.pk] = self.calendar.add(self.clock.moment, 60 * minutes)
        life.done[step.id] += 1
        self.completed += 1
        if moved.result is not None:
            del self.deals[turn.deal_id]

    def _make_papers(self, turn: Turn, step: UserTask) -> None:
        """The first document that the book names for the step."""
        named = next((one.template for one in step.materials if one.kind == "document"), None)
        if named is None or self.clock.moment < self.end - _PAPERS_FOR:
            return
        # What somebody else has settled meanwhile, or lacks an answer, needs no paper.
        with suppress(Refused):
            make_document(task_id=turn.task_id, template_key=named, by=turn.worker.user, now=self.clock.moment)

    def _fire_timers(self) -> None:
        sweep_timers(now=self.clock.moment)
        self.overseeing.look(self.clock.moment)
        self._notice_tasks()

    def _notice_tasks(self) -> None:
        """See which tasks have come, and decide when whoever has them gets to them."""
        for task_id, assignee_id, deal_id, element, kind, due_at, version_id, amount in rows_of(_NEW, [self.last_task]):
            self.last_task = task_id
            worker = self.workers.get(assignee_id or 0)
            if worker is not None:
                moment = self._when(worker, due_at)
                if moment is not None:
                    self._push(Turn(moment, 0, worker, task_id, deal_id, element, kind, version_id, amount))

    def _when(self, worker: Worker, due_at: datetime | None) -> datetime | None:
        """When a worker gets to a task that came now; None for one that is kept for the desk."""
        dice, now = self.dice, self.clock.moment
        due = due_at or now + timedelta(days=3)
        if self._is_kept(worker, due):
            return None
        if dice.random() < worker.diligence:
            seconds = int(self.calendar.between(now, due) * dice.uniform(0.3, 0.99))
            return self.calendar.add(now, max(seconds, 120))
        late = int(28_800 * dice.uniform(0.3, 4.5 * (1.4 - worker.diligence)))
        return self.calendar.add(max(due, now), late)

    def _is_kept(self, worker: Worker, due: datetime) -> bool:
        """Whether a task stays open to the end, so that every desk has something overdue, for today and later."""
        if due < self.end - _LATEST:
            return False
        place = "overdue" if due < self.end else "today" if due < self.end + _DAY else "later"
        self.kept[worker.user.pk, place] += 1
        return self.kept[worker.user.pk, place] <= _KEPT[place]

    def _push(self, turn: Turn) -> None:
        self.order += 1
        turn.order = self.order
        heapq.heappush(self.turns, turn)
