"""The sale as django-viewflow takes it: eleven views, each assigned to the user who works, with a gateway after each.

Importable only under `viewflow_settings`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth.models import User
from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.models import Process

created: list[tuple[int, int]] = []
"""Tasks that came into being, each with its process, since the list was last emptied."""


@cache
def rep() -> User:
    """Who works; asked for once, to spare viewflow a statement."""
    return User.objects.get(username="rep")


def _step(way: Any) -> Any:
    return flow.View(lambda request: None).Assign(lambda _activation: rep()).onCreate(this.told).Next(way)


def _way(following: Any) -> Any:
    return flow.If(lambda activation: activation.process.data["outcome"] == "ok").Then(following).Else(this.lost)


class Sale(flow.Flow):  # type: ignore[misc]
    """The lock is the one its documentation recommends on PostgreSQL."""

    process_class = Process
    lock_impl = lock.select_for_update_lock

    start = flow.StartHandle().Next(this.step1)
    step1, way1 = _step(this.way1), _way(this.step2)
    step2, way2 = _step(this.way2), _way(this.step3)
    step3, way3 = _step(this.way3), _way(this.step4)
    step4, way4 = _step(this.way4), _way(this.step5)
    step5, way5 = _step(this.way5), _way(this.step6)
    step6, way6 = _step(this.way6), _way(this.step7)
    step7, way7 = _step(this.way7), _way(this.step8)
    step8, way8 = _step(this.way8), _way(this.step9)
    step9, way9 = _step(this.way9), _way(this.step10)
    step10, way10 = _step(this.way10), _way(this.step11)
    step11, way11 = _step(this.way11), _way(this.won)
    won, lost = flow.End(), flow.End()

    def told(self, activation: Any) -> None:
        """A task has been made."""
        created.append((activation.process.pk, activation.task.pk))
