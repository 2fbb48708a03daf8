"""States as JSON."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from kniga.engine import NEW_STATE, STATE_FORMAT, State, StateUnreadable, Token, dump_state, load_state
from kniga.engine.runtime.state import Loop
from kniga.engine.state_format.codec import load_value
from kniga.engine.state_format.upgrades import UPGRADES

FULL = State(
    STATE_FORMAT, "running", 3,
    (
        Token(2, "a"),
        Token(3, "b", ("t",)),
        Token(4, "join", parent=5, flow="f"),
        Token(5, "scope", outcome="yes"),
        Token(6, "each", loop=Loop(("p", "q"), 2, 1, (("yes", 1),))),
        Token(7, "each", parent=6, item=1),
    ),
    {
        "text": "x", "number": Decimal("1.50"), "day": date(2026, 1, 2), "flag": True, "count": 3,
        "moment": datetime(2026, 1, 2, 3, tzinfo=UTC), "many": ("p", "q"), "ids": (7, 8), "none": None,
    },
    None, None, "contact", ("handler", "handler"),
)  # fmt: skip


@pytest.mark.parametrize("state", [NEW_STATE, FULL])
def test_a_state_survives_json_exactly(state: State) -> None:
    again = load_state(json.loads(json.dumps(dump_state(state))))
    assert again == state
    assert {key: type(value) for key, value in again.data.items()} == {
        key: type(value) for key, value in state.data.items()
    }


@pytest.mark.parametrize(
    "change",
    [
        {"format": STATE_FORMAT + 1},
        {"format": 0},
        {"format": "1"},
        {"format": None},
        {"status": "asleep"},
        {"seq": "x"},
        {"tokens": [[1]]},
        {"tokens": [[1, "a", [], {}, {}]]},
        {"tokens": [[1, "a", [], {"loop": [1]}]]},
        {"fired": None},
        {"data": []},
        {"data": {"x": {"colour": "red"}}},
        {"data": {"x": {"decimal": "red"}}},
        {"data": {"x": 1.5}},
        {"data": {"x": {}}},
    ],
)
def test_a_damaged_or_newer_state_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(StateUnreadable):
        load_state({**dump_state(FULL), **change})


def test_a_state_of_the_first_format_is_upgraded() -> None:
    old = {
        "format": 1, "status": "running", "seq": 3, "tokens": [[2, "a", []], [3, "b", ["t"]]],
        "data": {"x": {"decimal": "1.50"}}, "result": None, "reason": None, "stage": "contact",
    }  # fmt: skip
    state = load_state(old)
    assert state.format == STATE_FORMAT
    assert state.tokens == (Token(2, "a"), Token(3, "b", ("t",)))
    assert state.fired == ()
    assert old["format"] == 1


def test_every_older_format_has_an_upgrade() -> None:
    assert sorted(UPGRADES) == list(range(1, STATE_FORMAT))


def test_a_state_that_lacks_a_part_is_refused() -> None:
    data = dump_state(FULL)
    del data["stage"]
    with pytest.raises(StateUnreadable, match="stage"):
        load_state(data)


def test_an_open_token_is_found_by_its_id() -> None:
    assert FULL.token(3) == Token(3, "b", ("t",))
    assert FULL.token(9) is None
    assert load_value({"date": "2026-01-02"}) == date(2026, 1, 2)
