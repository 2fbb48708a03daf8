"""State to JSON and back, exactly."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

from kniga.engine.runtime.state import STATE_FORMAT, State, Status, Token
from kniga.rules import Value


class StateUnreadable(ValueError):
    """A stored state cannot be read by this version of the engine; the message says why."""


def dump_state(state: State) -> dict[str, Any]:
    """Write a state as JSON; ``load_state`` reads back an equal one."""
    return {
        "format": STATE_FORMAT,
        "status": state.status,
        "seq": state.seq,
        "tokens": [[token.id, token.element, list(token.fired)] for token in state.tokens],
        "data": {key: dump_value(value) for key, value in state.data.items()},
        "result": state.result,
        "reason": state.reason,
        "stage": state.stage,
    }


def load_state(data: Mapping[str, Any]) -> State:
    """Read a state. Raises StateUnreadable for a newer format or a damaged one."""
    format = data.get("format")
    if format != STATE_FORMAT:
        raise StateUnreadable(f"the state has format {format!r}, this engine reads {STATE_FORMAT}")
    try:
        status = data["status"]
        if status not in get_args(Status):
            raise ValueError(f"status {status!r}")
        return State(
            format=STATE_FORMAT,
            status=status,
            seq=int(data["seq"]),
            tokens=tuple(Token(int(id), str(element), tuple(fired)) for id, element, fired in data["tokens"]),
            data={key: load_value(value) for key, value in data["data"].items()},
            result=data["result"],
            reason=data["reason"],
            stage=data["stage"],
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise StateUnreadable(f"the state is damaged: {error!r}") from error


def dump_value(value: Value) -> Any:
    """Write one value so that its type survives: decimals, dates and datetimes are tagged."""
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return list(value) if isinstance(value, tuple) else value


def load_value(data: Any) -> Value:
    """Read one value written by ``dump_value``. Raises ValueError, TypeError or ArithmeticError."""
    if isinstance(data, list):
        return tuple(str(item) for item in data)
    if not isinstance(data, dict):
        if data is None or isinstance(data, (str, int, bool)):
            return data
        raise TypeError(f"{data!r} is no value")
    ((tag, text),) = data.items()
    if tag == "decimal":
        return Decimal(text)
    if tag == "datetime":
        return datetime.fromisoformat(text)
    if tag == "date":
        return date.fromisoformat(text)
    raise ValueError(f"the tag {tag} is not known")
