"""Golden histories: how they are stored, replayed and recorded.

`sale.json` was written by the engine of state format 1 and is never written again. `python -m tests.engine.histories`
writes those of this format anew from the commands in them; that is only right when the engine has been changed on
purpose, and then the state format has a new version.
"""

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from kniga.engine import (
    NEW_STATE,
    Cancel,
    CatchSignal,
    Command,
    CompleteTask,
    CompleteWork,
    CorrelateMessage,
    Definition,
    FailWork,
    FireTimer,
    GoTo,
    Reconsider,
    Rejection,
    Start,
    State,
    advance,
    compile_bpmn,
    dump_state,
    load_state,
)
from kniga.engine.state_format.codec import load_value
from tests.engine.drawing import NOW

GOLDEN = Path(__file__).parent / "golden"
FIRST = "sale"
COMMANDS: dict[str, Any] = {
    "start": Start, "complete": CompleteTask, "fire": FireTimer, "cancel": Cancel, "message": CorrelateMessage,
    "signal": CatchSignal, "work": CompleteWork, "fail": FailWork, "reconsider": Reconsider, "go_to": GoTo,
}  # fmt: skip
VALUES = ("answers", "fields", "data", "payload", "results")

Records = list[dict[str, Any]]


def files() -> list[str]:
    """The names of all processes with golden histories, the first format's first."""
    names = sorted(path.stem for path in GOLDEN.glob("*.json"))
    return sorted(names, key=lambda name: name != FIRST)


def definition(name: str = FIRST) -> Definition:
    """A process of the golden histories, kept beside them so that the shipped books may change."""
    return compile_bpmn((GOLDEN / f"{name}.bpmn").read_bytes())


def load(name: str = FIRST) -> dict[str, Records]:
    """All histories of a process by name: a list of records with a command and what came of it."""
    histories: dict[str, Records] = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return histories


def command(record: dict[str, Any]) -> Command:
    """The command of a record."""
    ((kind, params),) = record["command"].items()
    typed = {key: _typed(value) if key in VALUES else value for key, value in params.items()}
    made: Command = COMMANDS[kind](**typed)
    return made


def play(process: Definition, state: State, record: dict[str, Any]) -> tuple[State, dict[str, Any]]:
    """Carry out a record's command; the new state and the record as it comes out now."""
    result = advance(process, state, command(record), now=NOW)
    if isinstance(result, Rejection):
        return state, {"command": record["command"], "rejected": result.code, "params": dict(result.params)}
    return result.state, {
        "command": record["command"],
        "state": dump_state(result.state),
        "events": [{"kind": event.kind, **event.payload()} for event in result.events],
        "effects": [shown(effect) for effect in result.effects],
    }


def as_written_today(record: dict[str, Any]) -> dict[str, Any]:
    """A record of the first format in the words of this one: its state upgraded, the one effect that has another
    name renamed. What it did not write down, the fields looked at, is left out of the comparison by the caller."""
    if "rejected" in record:
        return record
    effects = [effect.replace("CancelTimers(", "CancelWaits(") for effect in record["effects"]]
    return {**record, "state": dump_state(load_state(record["state"])), "effects": effects}


def shown(value: object) -> str:
    """A value as text, without what it does not say: a field that gets a default later changes no history."""
    if not is_dataclass(value):
        return repr(value)
    said = [field.name for field in fields(value) if getattr(value, field.name) != _default(field)]
    inside = ", ".join(f"{name}={shown(getattr(value, name))}" for name in said)
    return f"{type(value).__name__}({inside})"


def record_anew() -> None:
    """Write the outcome of every command anew, but for the first format's."""
    for file in files()[1:]:
        process = definition(file)
        recorded: dict[str, Records] = {}
        for name, records in load(file).items():
            state = NEW_STATE
            recorded[name] = []
            for one in records:
                state, outcome = play(process, state, one)
                recorded[name].append(outcome)
        text = json.dumps(recorded, ensure_ascii=False, indent=1, sort_keys=True)
        (GOLDEN / f"{file}.json").write_text(text + "\n", "utf-8")


def _default(field: Any) -> object:
    return field.default_factory() if callable(field.default_factory) else field.default


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: load_value(value) for key, value in values.items()}


if __name__ == "__main__":
    record_anew()
