"""Histories of this and every earlier version of the engine replay on this one."""

import pytest

from kniga.engine import NEW_STATE, check, dump_state, load_state, replay
from tests.engine.drawing import NOW
from tests.engine.histories import command, definition, load, play

HISTORIES = load()


@pytest.mark.parametrize("name", HISTORIES)
def test_a_golden_history_replays_bit_for_bit(name: str) -> None:
    process, state = definition(), NEW_STATE
    for record in HISTORIES[name]:
        state, outcome = play(process, state, record)
        assert outcome == record
        state = load_state(dump_state(state))


@pytest.mark.parametrize("name", HISTORIES)
def test_the_accepted_commands_alone_rebuild_the_last_state(name: str) -> None:
    accepted = [record for record in HISTORIES[name] if "rejected" not in record]
    state = replay(definition(), [(command(record), NOW) for record in accepted])
    assert dump_state(state) == accepted[-1]["state"]


def test_the_golden_process_is_fit_to_be_published() -> None:
    assert check(definition()) == ()
