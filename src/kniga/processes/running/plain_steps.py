"""The ordinary step of a sale, written the short way: one task done, the next one set, a stage entered or kept.

Most completions are of this kind. What is more goes the general way (see `applying`); both write the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from kniga.engine import State
from kniga.platform.prepared import Parameter, Prepared

_KEYS: Final = frozenset(
    {"instance", "revision", "now", "actor", "status", "seq", "stage", "result", "reason", "events", "data", "done",
     "tasks", "stages"}
)  # fmt: skip
_WAITS: Final = frozenset({"untimed", "unheard", "unworked", "timers", "watches", "controlled", "wake"})
_WITHIN_STAGE: Final = ["processes.task.completed", "processes.task.created"]
_INTO_STAGE: Final = ["processes.task.completed", "processes.stage.entered", "processes.task.created"]
_APPLY: Final = Prepared(
    "SELECT processes_apply_plain_step(%s::bigint, %s::integer, %s::timestamptz, %s::bigint, %s::integer, %s::text,"
    " %s::jsonb, %s::jsonb, %s::integer, %s::text, %s::jsonb, %s::integer, %s::text, %s::text, %s::text, %s::bigint,"
    " %s::bigint, %s::timestamptz, %s::bigint, %s::text, %s::jsonb, %s::jsonb, %s::jsonb,"
    " %s::jsonb)"
)


def apply_plain_step(document: Mapping[str, Any], before: State) -> int | None:
    """Write the step of `document` (see `step_document`), computed from `before`, if it is an ordinary one.

    Returns the id of the created task; None, with nothing written, when it is not ordinary or the instance is no
    longer at the step's revision."""
    values = _values(document, before)
    if values is None:
        return None
    row = _APPLY.row(*values)
    assert row is not None
    created: int | None = row[0]
    return created


def _values(document: Mapping[str, Any], before: State) -> tuple[Parameter, ...] | None:
    more = document.keys() - _KEYS
    if document["status"] != "running" or "done" not in document or not more <= _WAITS:
        return None
    tasks, stages, events = document.get("tasks", ()), document.get("stages", ()), document["events"]
    told = [kind for kind, _token, _payload in events]
    if len(tasks) != 1 or len(stages) > 1 or told != (_INTO_STAGE if stages else _WITHIN_STAGE):
        return None
    done, encode = document["done"], msgspec.json.encode
    undo = {
        "revision": document["revision"] + 1, "seq": before.seq, "stage": before.stage, "cancelled": [],
        "tokens": None, "data": None, "deal": None,
    }  # fmt: skip
    entered, exit = stages[0] if stages else (None, None)
    return (
        document["instance"], document["revision"], document["now"], document["actor"], document["seq"],
        document["stage"], encode(document["data"]) if "data" in document else None, encode(undo), done["token"],
        done["outcome"], None if done["answers"] is None else encode(done["answers"]), *tasks[0], entered, exit,
        encode(events[0][2]), encode(events[1][2]) if stages else None, encode(events[-1][2]),
        encode({key: document[key] for key in more}) if more else None,
    )  # fmt: skip
