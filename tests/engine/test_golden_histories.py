"""Histories of this and every earlier version of the engine replay on this one."""

from typing import Any

import pytest

from kniga.engine import NEW_STATE, check, dump_state, load_state, replay, replay_events
from tests.engine.drawing import NOW
from tests.engine.histories import FIRST, as_written_today, command, definition, files, load, play

HISTORIES = [(file, name) for file in files() for name in load(file)]


def told_then(outcome: dict[str, Any]) -> dict[str, Any]:
    """An outcome without the fields looked at, which the first format did not write down."""
    events = [{key: value for key, value in event.items() if key != "looked_at"} for event in outcome.get("events", [])]
    return {**outcome, "events": events} if "events" in outcome else outcome


@pytest.mark.parametrize(("file", "name"), HISTORIES)
def test_a_golden_history_replays_bit_for_bit(file: str, name: str) -> None:
    process, state = definition(file), NEW_STATE
    for record in load(file)[name]:
        state, outcome = play(process, state, record)
        if file == FIRST:
            assert told_then(outcome) == as_written_today(record)
        else:
            assert outcome == record
        state = load_state(dump_state(state))


@pytest.mark.parametrize(("file", "name"), HISTORIES)
def test_the_accepted_commands_alone_rebuild_the_last_state(file: str, name: str) -> None:
    accepted = [record for record in load(file)[name] if "rejected" not in record]
    state = replay(definition(file), [(command(record), NOW) for record in accepted])
    assert dump_state(state) == dump_state(load_state(accepted[-1]["state"]))


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, name in HISTORIES if file != FIRST])
def test_the_events_alone_rebuild_the_last_state(file: str, name: str) -> None:
    accepted = [record for record in load(file)[name] if "rejected" not in record]
    told = [(event["kind"], _without_kind(event), NOW) for record in accepted for event in record["events"]]
    assert dump_state(replay_events(definition(file), told)) == accepted[-1]["state"]


def _without_kind(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "kind"}


@pytest.mark.parametrize("file", files())
def test_the_golden_processes_are_fit_to_be_published(file: str) -> None:
    assert [problem for problem in check(definition(file)) if problem.severity == "error"] == []
