"""A condition of the book may ask for today; the day is that of the deal's branch."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from kniga.people.models import Branch
from kniga.processes.models import Task
from kniga.processes.services import complete_task, start_process
from kniga.processes.versions.publishing import publish_version, upload_version
from tests.engine.drawing import bpmn, end, flow, gateway, start, task
from tests.processes.conftest import NOW, Department

TODAY = {"field": "deal.expected_date", "op": "eq", "value": {"from_now": 0, "unit": "day"}}
LATE = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
"""Still Monday in Moscow, already Tuesday in Vladivostok."""


@pytest.mark.parametrize(
    ("zone", "expected", "leads_to"),
    [
        ("", date(2026, 3, 2), "now"),
        ("", date(2026, 3, 3), "later"),
        ("Asia/Vladivostok", date(2026, 3, 2), "later"),
        ("Asia/Vladivostok", date(2026, 3, 3), "now"),
    ],
)
def test_today_is_the_day_of_the_branch(department: Department, zone: str, expected: date, leads_to: str) -> None:
    book = bpmn(
        start(),
        task("a"),
        gateway(default="f_gw_later"),
        task("now"),
        task("later"),
        end(),
        flow("start", "a"),
        flow("a", "gw"),
        flow("gw", "now", TODAY),
        flow("gw", "later"),
        flow("now", "end"),
        flow("later", "end"),
        process='id="dated" name="Dated"',
    )
    publish_version(version_id=upload_version(xml=book, note="", by=None, now=NOW).pk, by=None, now=NOW)
    Branch.objects.update(time_zone=zone)
    type(department.deal).objects.update(expected_date=expected)
    first = start_process(deal_id=department.deal.pk, process_key="dated", by=department.rep, now=NOW).created[0]
    moved = complete_task(task_id=first, outcome="ok", answers={}, by=department.rep, now=LATE)
    assert Task.objects.get(pk=moved.created[0]).element == leads_to
