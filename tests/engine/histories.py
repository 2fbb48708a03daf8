"""Golden histories: how they are stored, replayed and recorded.

`python -m tests.engine.histories` writes the file anew from the commands in it; that is only right
when the engine has been changed on purpose, and then the state format has a new version.
"""

import json
from pathlib import Path
from typing import Any

from kniga.engine import (
    NEW_STATE,
    Cancel,
    Command,
    CompleteTask,
    Definition,
    FireTimer,
    Rejection,
    Start,
    State,
    advance,
    compile_bpmn,
    dump_state,
)
from kniga.engine.state_format.codec import load_value
from tests.engine.drawing import NOW

GOLDEN = Path(__file__).parent / "golden"
COMMANDS: dict[str, Any] = {"start": Start, "complete": CompleteTask, "fire": FireTimer, "cancel": Cancel}


def definition() -> Definition:
    """The process of the golden histories, kept beside them so that the shipped books may change."""
    return compile_bpmn((GOLDEN / "sale.bpmn").read_bytes())


def load() -> dict[str, list[dict[str, Any]]]:
    """All histories by name: a list of records with a command and what came of it."""
    histories: dict[str, list[dict[str, Any]]] = json.loads((GOLDEN / "histories.json").read_text("utf-8"))
    return histories


def command(record: dict[str, Any]) -> Command:
    """The command of a record."""
    ((kind, params),) = record["command"].items()
    typed = {key: _typed(value) if key in ("answers", "fields", "data") else value for key, value in params.items()}
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
        "effects": [repr(effect) for effect in result.effects],
    }


def record() -> None:
    """Write the outcome of every command anew."""
    process = definition()
    recorded: dict[str, list[dict[str, Any]]] = {}
    for name, records in load().items():
        state = NEW_STATE
        recorded[name] = []
        for one in records:
            state, outcome = play(process, state, one)
            recorded[name].append(outcome)
    text = json.dumps(recorded, ensure_ascii=False, indent=1, sort_keys=True)
    (GOLDEN / "histories.json").write_text(text + "\n", "utf-8")


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: load_value(value) for key, value in values.items()}


if __name__ == "__main__":
    record()
