"""State to JSON and back, exactly; states of older formats are read too."""

from collections.abc import Mapping
from typing import Any, get_args

from kniga.engine.runtime.state import ROOT, STATE_FORMAT, Loop, State, Status, Token
from kniga.engine.state_format.upgrades import UPGRADES
from kniga.engine.state_format.values import dump_value, dump_values, load_value, load_values

__all__ = [
    "StateUnreadable", "dump_state", "dump_token", "dump_value", "load_state", "load_token", "load_value",
]  # fmt: skip


class StateUnreadable(ValueError):
    """A stored state cannot be read by this version of the engine; the message says why."""


def dump_state(state: State) -> dict[str, Any]:
    """Write a state as JSON; ``load_state`` reads back an equal one."""
    return {
        "format": STATE_FORMAT,
        "status": state.status,
        "seq": state.seq,
        "tokens": [dump_token(token) for token in state.tokens],
        "data": dump_values(state.data),
        "result": state.result,
        "reason": state.reason,
        "stage": state.stage,
        "fired": list(state.fired),
    }


def load_state(data: Mapping[str, Any]) -> State:
    """Read a state of this format or an older one. Raises StateUnreadable for a newer format or a damaged state."""
    data = _upgraded(data)
    try:
        status = data["status"]
        if status not in get_args(Status):
            raise ValueError(f"status {status!r}")
        return State(
            format=STATE_FORMAT,
            status=status,
            seq=int(data["seq"]),
            tokens=tuple(load_token(token) for token in data["tokens"]),
            data=load_values(data["data"]),
            result=data["result"],
            reason=data["reason"],
            stage=data["stage"],
            fired=tuple(data["fired"]),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise StateUnreadable(f"the state is damaged: {error!r}") from error


def dump_token(token: Token) -> list[Any]:
    """Write a token: its id, element and what has fired; a fourth part only if it is more than an open task of
    the process itself."""
    written: list[Any] = [token.id, token.element, list(token.fired)]
    more: dict[str, Any] = {}
    if token.parent != ROOT:
        more["parent"] = token.parent
    if token.flow is not None:
        more["flow"] = token.flow
    if token.outcome is not None:
        more["outcome"] = token.outcome
    if token.item is not None:
        more["item"] = token.item
    if token.loop is not None:
        loop = token.loop
        more["loop"] = [list(loop.items), loop.begun, loop.done, [list(pair) for pair in loop.outcomes]]
    if more:
        written.append(more)
    return written


def load_token(data: list[Any]) -> Token:
    """Read a token. Raises ValueError, TypeError, KeyError or AttributeError for a damaged one."""
    id, element, fired, *rest = data
    if not rest:
        return Token(int(id), str(element), tuple(fired))
    (more,) = rest
    item = more.get("item")
    return Token(
        int(id),
        str(element),
        tuple(fired),
        int(more.get("parent", ROOT)),
        more.get("flow"),
        more.get("outcome"),
        None if item is None else int(item),
        _loop(more["loop"]) if "loop" in more else None,
    )


def _loop(data: list[Any]) -> Loop:
    items, begun, done, outcomes = data
    counted = tuple((str(outcome), int(count)) for outcome, count in outcomes)
    return Loop(tuple(str(item) for item in items), int(begun), int(done), counted)


def _upgraded(data: Mapping[str, Any]) -> Mapping[str, Any]:
    format = data.get("format")
    while format != STATE_FORMAT:
        upgrade = UPGRADES.get(format) if isinstance(format, int) else None
        if upgrade is None:
            raise StateUnreadable(f"the state has format {format!r}, this engine reads up to {STATE_FORMAT}")
        data = upgrade(data)
        format = data["format"]
    return data
