"""An instance rebuilt from what the ledger tells of it, and compared with what is stored, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from kniga.engine import EVENT_KINDS, Definition, ReplayDiverged, State, dump_state, replay_events
from kniga.platform.errors import NotVisible
from kniga.platform.sqlparts import rows_of
from kniga.processes.models import Instance, ProcessVersion
from kniga.processes.running.reading import OPEN, stored_state
from kniga.processes.versions.definitions import runnable_version

MOVED: Final = "processes.instance.moved"
"""Written before the engine's own event when an instance changes its version: `from` and `to` are version numbers."""
UNDONE: Final = "processes.completion.undone"
ACT_UNDONE: Final = "processes.act.undone"
"""An act on many was taken back here: `events` is how many events of the engine no longer count, `to` the number of
the version the instance goes by again, if the act had moved it."""
_AT_ONCE: Final = 500

_EVENTS: Final = """
SELECT e.instance_id, e.kind, e.payload::text, e.at FROM platform_event e
WHERE e.instance_id = ANY(%s::bigint[]) AND e.kind = ANY(%s::text[]) ORDER BY e.instance_id, e.id
"""
_STORED: Final = f"""
SELECT i.id, i.version_id, v.number, v.process_id, i.status, i.seq, i.stage, i.data::text, i.tokens::text, i.result,
       i.reason, s.tokens, s.elements
FROM processes_instance i JOIN processes_processversion v ON v.id = i.version_id
LEFT JOIN LATERAL (SELECT array_agg(p.token ORDER BY p.token) AS tokens,
                          array_agg(p.element::text ORDER BY p.token) AS elements
                   FROM processes_task p WHERE {OPEN}) s ON i.tokens IS NULL
WHERE i.id = ANY(%s::bigint[]) ORDER BY i.id
"""

Recorded = tuple[str, Mapping[str, Any], datetime, int]


@dataclass(frozen=True, slots=True)
class Replayed:
    """An instance rebuilt: from how many events, and `problem`: how it differs from what is stored, "" if it does
    not."""

    instance_id: int
    events: int
    state: State | None
    problem: str


def replay_instance(*, instance_id: int) -> Replayed:
    """Rebuild one instance and compare it. Raises NotVisible for an unknown one."""
    found = list(_replay_some([instance_id]))
    if not found:
        raise NotVisible
    return found[0]


def replay_all(*, after: int = 0) -> Iterator[Replayed]:
    """Rebuild every instance whose id is above `after`, one after the other."""
    while True:
        ids = list(Instance.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
        if not ids:
            return
        yield from _replay_some(ids)
        after = ids[-1]


def _replay_some(ids: list[int]) -> Iterator[Replayed]:
    stored = rows_of(_STORED, [ids])
    histories: dict[int, list[tuple[str, Any, datetime]]] = {row[0]: [] for row in stored}
    for instance_id, kind, payload, at in rows_of(_EVENTS, [ids, sorted(EVENT_KINDS | {MOVED, UNDONE, ACT_UNDONE})]):
        histories[instance_id].append((kind, msgspec.json.decode(payload), at.astimezone(UTC)))
    for row in stored:
        yield _compared(row, histories[row[0]])


def _compared(row: tuple[Any, ...], told: list[tuple[str, Any, datetime]]) -> Replayed:
    id, _version_id, number, process_id, status, seq, stage, data, tokens, result, reason, open_tokens, elements = row
    history = effective_history(told, number)
    versions = _definitions(process_id, {recorded[3] for recorded in history} | {number})
    try:
        state = replay_events(versions, history, zone_of=ZoneInfo)
    except ReplayDiverged as diverged:
        return Replayed(id, len(history), None, str(diverged))
    kept = stored_state(
        status=status, seq=seq, stage=stage, data=data, tokens=tokens, result=result, reason=reason,
        open_tasks=tuple(zip(open_tokens or (), elements or (), strict=True)),
    )  # fmt: skip
    return Replayed(id, len(history), state, _difference(kept, state))


def effective_history(told: list[tuple[str, Any, datetime]], version: int) -> list[Recorded]:
    """The engine's events that still count, each with the version it was made under: an undone completion goes with
    all it brought about. `version` is the version the instance goes by at the end."""
    moved = [payload for kind, payload, _at in told if kind == MOVED]
    at_first = moved[0]["from"] if moved else version
    history: list[Recorded] = []
    now = at_first
    for kind, payload, at in told:
        if kind == MOVED:
            now = payload["to"]
        elif kind == ACT_UNDONE:
            del history[len(history) - payload["events"] :]
            now = payload.get("to", now)
        elif kind == UNDONE:
            while history:
                last_kind, last, *_rest = history.pop()
                if last_kind == "processes.task.completed" and last["token"] == payload["token"]:
                    break
        else:
            history.append((kind, payload, at, now))
    return history


def _definitions(process_id: int, numbers: set[int]) -> dict[int, Definition]:
    found = ProcessVersion.objects.filter(process_id=process_id, number__in=numbers).values_list("number", "pk")
    return {number: runnable_version(pk).definition for number, pk in found}


def _difference(kept: State, made: State) -> str:
    if kept == made:
        return ""
    stored, rebuilt = dump_state(kept), dump_state(made)
    parts = [f"{key}: {stored[key]!r} is stored, {rebuilt[key]!r} follows" for key in stored if
             stored[key] != rebuilt[key]]  # fmt: skip
    return "; ".join(parts)
