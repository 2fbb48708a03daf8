"""The life of the department: leads come, people do their tasks through the real services, timers fire.

A discrete-event simulation: a heap of moments, each a lead or a task somebody gets to. Nothing is written past
the engine; the only private knowledge is how a client likes us and how good a rep is.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from django.db import transaction

from kniga.deals.models import Deal
from kniga.demo.behaviour import answer_questions, choose_outcome, working_minutes
from kniga.demo.leads import Market, arrivals, midnight, take_lead
from kniga.demo.people import Worker
from kniga.platform.clock import VirtualClock
from kniga.platform.errors import Conflict
from kniga.platform.working_time import WorkCalendar
from kniga.processes.definitions import runnable_version
from kniga.processes.jobs import BATCH, sweep_timers
from kniga.processes.models import Task
from kniga.processes.services import complete_task

HOUR: Final = timedelta(hours=1)
_LEFT_LYING: Final = timedelta(days=2)
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class DealLife:
    """What the simulation knows of a deal beside its rows."""

    amount: Decimal
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


class Simulation:
    """Runs the department from `first` to the midnight before `last`; see `run`."""

    def __init__(
        self, market: Market, workers: tuple[Worker, ...], clock: VirtualClock, calendar: WorkCalendar, dice: Random,
        last: date,
    ) -> None:  # fmt: skip
        self.market, self.clock, self.calendar, self.dice = market, clock, calendar, dice
        self.workers = {worker.user.pk: worker for worker in workers}
        self.end = midnight(last, calendar)
        self.deals: dict[int, DealLife] = {}
        self.turns: list[Turn] = []
        self.free_at: dict[int, datetime] = {}
        self.left_lying: set[int] = set()
        self.last_task = 0
        self.order = 0
        self.completed = 0

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

    def _live_through(self, day: date) -> None:
        ends = midnight(day + timedelta(days=1), self.calendar)
        while self.clock.moment < ends:
            until = min(self.clock.moment + HOUR, ends)
            while self.turns and self.turns[0].at < until:
                self._take(heapq.heappop(self.turns))
            self.clock.move_to(until)
            if self.calendar.is_working(day):
                self._fire_timers()

    def _take(self, turn: Turn) -> None:
        self.clock.move_to(max(turn.at, self.clock.moment))
        if turn.task_id:
            self._work(turn)
        else:
            deal_id = take_lead(self.market, turn.worker, self.clock.moment)
            amount = Deal.objects.values_list("amount", flat=True).get(pk=deal_id)
            self.deals[deal_id] = DealLife(amount, self.dice.triangular(0.35, 1.7, 0.9))
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
            step, outcome, amount=life.amount, now=self.clock.moment, words=self.market.words, dice=self.dice
        )
        try:
            moved = complete_task(
                task_id=turn.task_id, outcome=outcome.key, answers=answers, by=turn.worker.user,
                now=self.clock.moment,
            )  # fmt: skip
        except Conflict:
            # The deal moved on without this task: a lead looks into what a rep has just settled.
            return
        life.done[step.id] += 1
        self.completed += 1
        if moved.result is not None:
            del self.deals[turn.deal_id]

    def _fire_timers(self) -> None:
        while sweep_timers(now=self.clock.moment) == BATCH:
            pass
        self._notice_tasks()

    def _notice_tasks(self) -> None:
        """See which tasks have come, and decide when whoever has them gets to them."""
        found = Task.objects.filter(pk__gt=self.last_task, status="open").order_by("pk")
        rows = found.values_list("pk", "assignee_id", "deal_id", "element", "kind", "due_at", "instance__version_id")
        for task_id, assignee_id, deal_id, element, kind, due_at, version_id in rows:
            self.last_task = task_id
            worker = self.workers.get(assignee_id or 0)
            if worker is not None:
                moment = self._when(worker, kind, due_at)
                if moment is not None:
                    self._push(Turn(moment, 0, worker, task_id, deal_id, element, kind, version_id))

    def _when(self, worker: Worker, kind: str, due_at: datetime | None) -> datetime | None:
        """When a worker has finished a task that came now; None for one that is left lying for the desk."""
        dice, now = self.dice, self.clock.moment
        due = due_at or now + timedelta(days=3)
        if self.end - _LEFT_LYING < due < self.end and worker.user.pk not in self.left_lying:
            self.left_lying.add(worker.user.pk)
            return None
        if dice.random() < worker.diligence:
            seconds = int(self.calendar.between(now, due) * dice.uniform(0.15, 0.95))
            moment = self.calendar.add(now, max(seconds, 120))
        else:
            moment = self.calendar.add(max(due, now), int(28_800 * dice.uniform(0.3, 4.5 * (1.4 - worker.diligence))))
        begun = max(moment, self.free_at.get(worker.user.pk, moment))
        finished = self.calendar.add(begun, 60 * working_minutes(kind, worker.skill, dice))
        self.free_at[worker.user.pk] = max(finished, self.free_at.get(worker.user.pk, finished))
        return finished

    def _push(self, turn: Turn) -> None:
        self.order += 1
        turn.order = self.order
        heapq.heappush(self.turns, turn)
