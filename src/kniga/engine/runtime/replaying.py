"""Rebuilding an instance from what the ledger tells of it (X4): each step's cause gives the command back, and the
events made again must be those that are recorded, bit for bit."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from kniga.engine.definition.model import Definition
from kniga.engine.runtime.advance import advance
from kniga.engine.runtime.commands import (
    Cancel,
    CatchSignal,
    Command,
    CompleteTask,
    CompleteWork,
    CorrelateMessage,
    FailWork,
    FireTimer,
    GoTo,
    Migrate,
    Reconsider,
    Start,
)
from kniga.engine.runtime.events import (
    ConditionCeased,
    ConditionMet,
    ConditionSkipped,
    InstanceCancelled,
    InstanceMigrated,
    InstanceStarted,
    LoopEnded,
    MessageCaught,
    ScopeLeft,
    SignalCaught,
    TaskCancelled,
    TaskCompleted,
    TimerFired,
    TimerSkipped,
    TokensMoved,
    WorkCompleted,
    WorkFailed,
)
from kniga.engine.runtime.results import Rejection
from kniga.engine.runtime.run import ZONE
from kniga.engine.runtime.state import NEW_STATE, State
from kniga.engine.state_format.values import load_values
from kniga.rules import Value, read_value

Recorded = tuple[Any, ...]
"""An event as the ledger has it: kind, payload, moment, and the version of the process it was made under, if there
is more than one."""


class ReplayDiverged(ValueError):
    """A history cannot have come about in this way. ``number`` counts the events from 0, ``kind`` is the kind of the
    one that does not fit."""

    def __init__(self, number: int, kind: str, why: str) -> None:
        super().__init__(f"event {number} ({kind}): {why}")
        self.number = number
        self.kind = kind


def replay_events(
    definitions: Definition | Mapping[int, Definition],
    history: Iterable[Recorded],
    *,
    zone_of: Callable[[str], tzinfo] | None = None,
) -> State:
    """The state of an instance after the events its ledger holds, in their order, none left out.

    ``definitions``: the one process, or each version by its number; then every event must tell its version, at
    least the first one and those of a move to another version. ``zone_of`` gives the time zone of a name, for steps
    whose conditions moved with the clock; without it the moments are taken in the zone they come in. Raises
    ReplayDiverged where the history does not fit.
    """
    return _Replay(definitions, list(history), zone_of).run()


class _Replay:
    def __init__(
        self,
        definitions: Definition | Mapping[int, Definition],
        history: Sequence[Recorded],
        zone_of: Callable[[str], tzinfo] | None,
    ) -> None:
        self.zone_of = zone_of
        self.versions = definitions if isinstance(definitions, Mapping) else None
        self.definition = None if isinstance(definitions, Mapping) else definitions
        self.history = history

    def run(self) -> State:
        state, at = NEW_STATE, 0
        while at < len(self.history):
            kind, payload, now, *_ = self.history[at]
            previous = self.definition
            definition = self._definition(at)
            command = self._command(at, kind, payload, definition, previous or definition)
            result = advance(definition, state, command, now=self._in_zone(payload, now))
            if isinstance(result, Rejection):
                raise ReplayDiverged(at, kind, result.message)
            for event in result.events:
                self._compare(at, event.kind, event.payload())
                at += 1
            if not result.events:
                raise ReplayDiverged(at, kind, "nothing comes of it")
            state = result.state
        return state

    def _in_zone(self, payload: Mapping[str, Any], now: datetime) -> datetime:
        zone = payload.get("looked_at", {}).get(ZONE)
        return now if zone is None or self.zone_of is None else now.astimezone(self.zone_of(zone))

    def _definition(self, at: int) -> Definition:
        kind, _, _, *version = self.history[at]
        if self.versions is not None and version and version[0] is not None:
            if version[0] not in self.versions:
                raise ReplayDiverged(at, kind, f"version {version[0]} is not known")
            self.definition = self.versions[version[0]]
        if self.definition is None:
            raise ReplayDiverged(at, kind, "the first event tells no version")
        return self.definition

    def _command(
        self, at: int, kind: str, payload: Mapping[str, Any], definition: Definition, previous: Definition
    ) -> Command:
        try:
            if kind in _CANCELLED_FIRST:
                return self._cancel(at, kind)
            if kind == InstanceMigrated.kind:
                return Migrate(previous, payload["mapping"], _fields(payload), checked=False)
            rebuild = _REBUILD.get(kind)
            if rebuild is None:
                raise ReplayDiverged(at, kind, "no step begins with it")
            return rebuild(payload, definition)
        except ReplayDiverged:
            raise
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise ReplayDiverged(at, kind, f"damaged: {error!r}") from error

    def _cancel(self, at: int, kind: str) -> Command:
        """Only a cancelled instance tells its cause last."""
        for told in self.history[at:]:
            if told[0] == InstanceCancelled.kind:
                return Cancel(told[1]["reason"])
        raise ReplayDiverged(at, kind, "no step begins with it")

    def _compare(self, at: int, kind: str, payload: Mapping[str, object]) -> None:
        if at >= len(self.history):
            raise ReplayDiverged(at, kind, "it is not recorded")
        recorded_kind, recorded, *_ = self.history[at]
        if recorded_kind != kind or _bits(recorded) != _bits(payload):
            raise ReplayDiverged(at, recorded_kind, f"{kind} {_bits(payload)} comes about instead")


def _bits(payload: Mapping[str, object]) -> str:
    return json.dumps(payload, ensure_ascii=False, sort_keys=True)


def _fields(payload: Mapping[str, Any]) -> dict[str, Value]:
    return load_values(payload.get("looked_at", {}))


def _start(payload: Mapping[str, Any], definition: Definition) -> Command:
    types = definition.question_types
    data: dict[str, Value] = {
        key: read_value(types[key], value) if key in types else value
        for key, value in payload["data"].items()
        if key not in payload.get("exact", {})
    }
    known = {**data, **load_values(payload.get("exact", {}))}
    return Start(payload["element"], known, _fields(payload), checked=False)


def _complete_task(payload: Mapping[str, Any], definition: Definition) -> Command:
    return CompleteTask(payload["token"], payload["outcome"], payload["answers"], _fields(payload))


def _fire_timer(payload: Mapping[str, Any], definition: Definition) -> Command:
    return FireTimer(payload["token"], payload["timer"], _fields(payload))


def _skip_timer(payload: Mapping[str, Any], definition: Definition) -> Command:
    return FireTimer(payload["token"], payload["timer"], _fields(payload), skipped=True)


def _correlate(payload: Mapping[str, Any], definition: Definition) -> Command:
    values = load_values(payload["values"])
    return CorrelateMessage(payload["token"], payload["event"], values, _fields(payload), checked=False)


def _catch_signal(payload: Mapping[str, Any], definition: Definition) -> Command:
    return CatchSignal(payload["token"], payload["event"], _fields(payload))


def _reconsider(payload: Mapping[str, Any], definition: Definition) -> Command:
    return Reconsider(_fields(payload))


def _skip_condition(payload: Mapping[str, Any], definition: Definition) -> Command:
    return Reconsider(_fields(payload), (payload["token"], payload["event"]))


def _complete_work(payload: Mapping[str, Any], definition: Definition) -> Command:
    results = load_values(payload["results"])
    return CompleteWork(
        payload["token"], results, payload["outcome"], payload["skipped"], _fields(payload), checked=False
    )


def _fail_work(payload: Mapping[str, Any], definition: Definition) -> Command:
    return FailWork(payload["token"], payload["code"], payload["message"], _fields(payload))


def _go_to(payload: Mapping[str, Any], definition: Definition) -> Command:
    named = payload["tokens"]
    return GoTo(
        payload["to"], payload["reason"], None if named is None else tuple(named), _fields(payload), checked=False
    )


_CANCELLED_FIRST = {TaskCancelled.kind, ScopeLeft.kind, LoopEnded.kind, InstanceCancelled.kind}

_REBUILD: Mapping[str, Callable[[Mapping[str, Any], Definition], Command]] = {
    InstanceStarted.kind: _start,
    TaskCompleted.kind: _complete_task,
    TimerFired.kind: _fire_timer,
    TimerSkipped.kind: _skip_timer,
    MessageCaught.kind: _correlate,
    SignalCaught.kind: _catch_signal,
    ConditionMet.kind: _reconsider,
    ConditionCeased.kind: _reconsider,
    ConditionSkipped.kind: _skip_condition,
    WorkCompleted.kind: _complete_work,
    WorkFailed.kind: _fail_work,
    TokensMoved.kind: _go_to,
}
