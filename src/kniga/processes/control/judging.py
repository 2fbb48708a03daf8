"""Whether a control point of an open step is wanting: when it is looked at, and what its condition says of the deal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from kniga.engine import ControlPoint
from kniga.platform.working_time import organisation_calendar
from kniga.processes.models import Task
from kniga.processes.running.effects import local_moment, look_at
from kniga.processes.running.reading import DealFacts
from kniga.processes.versions.definitions import runnable_version
from kniga.rules import BadValue, Value, comparisons, fields_of, holds, is_relative

OFTEN: Final = timedelta(minutes=15)
"""How often a condition is looked at that may change while neither deal nor client does."""
_UNSEEN_FIELDS: Final = frozenset({"client.is_customer", "client.contacts"})
LOG = logging.getLogger(__name__)


def control_needs(version_id: int) -> frozenset[str]:
    """The fields of deal and client that the control points of a version look at."""
    return frozenset(
        field
        for task in runnable_version(version_id).definition.user_tasks()
        for point in task.controls
        if point.condition is not None
        for field in fields_of(point.condition)
        if field.startswith(("deal.", "client."))
    )


def moment_of_look(point: ControlPoint, task: Task, deal: DealFacts, now: datetime) -> datetime:
    """When a point of an open task is to be looked at, by the calendar as it is now; later, if that calendar has no
    answer: one without working days must not hold up all other deals."""
    calendar = organisation_calendar().in_zone(deal.time_zone)
    try:
        return look_at(point, task.created_at, task.due_at, calendar)
    except ValueError as error:
        LOG.warning("the control point %s of instance %s has to wait: %s", point.key, task.instance_id, error)
        return now + OFTEN


def is_wanting(
    point: ControlPoint, task: Task, deal: DealFacts, *, data: Mapping[str, Value], fields: Mapping[str, Value],
    now: datetime,
) -> bool:  # fmt: skip
    """Whether a point whose time has come is a deviation: its condition, if it has one, is surely true. `data` are the
    answers of the process, `fields` what `control_needs` asks for."""
    if point.condition is None:
        return True
    values = {**fields, **{f"answer.{key}": value for key, value in data.items()}}
    try:
        return holds(point.condition, values, now=local_moment(deal, now))
    except BadValue as error:
        LOG.warning("the control point %s of instance %s cannot be judged: %s", point.key, task.instance_id, error)
        return False


def moves_by_itself(point: ControlPoint) -> bool:
    """Whether a condition may become true or false without deal, client and process changing."""
    if point.condition is None:
        return False
    return bool(_UNSEEN_FIELDS & fields_of(point.condition)) or any(
        is_relative(one) for one in comparisons(point.condition)
    )
