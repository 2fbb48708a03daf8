"""Compiled definitions, kept per process: a published version never changes, so neither does its definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from kniga.deals.models import Stage
from kniga.engine import (
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    Definition,
    ReceiveTask,
    ServiceTask,
    StartEvent,
    compile_bpmn,
)
from kniga.processes.actions.names import KNOWN_ACTIONS
from kniga.processes.models import ProcessVersion

KEPT_VERSIONS = 256


@dataclass(frozen=True, slots=True)
class RunnableVersion:
    """A version ready to run: its definition, and the ids of its stages with their positions. `hears`: some element
    waits for messages or signals; `works`: the machine does something, or another process is called; `watches`: some
    step has control points. `promises` are the keys of the questions whose answer is the deadline of a step."""

    id: int
    definition: Definition
    stage_ids: Mapping[str, int]
    positions: Mapping[str, int]
    hears: bool = False
    works: bool = False
    watches: bool = False
    promises: frozenset[str] = frozenset()


@lru_cache(maxsize=KEPT_VERSIONS)
def _compiled(version_id: int) -> tuple[Definition, int]:
    version = ProcessVersion.objects.select_related("process").get(pk=version_id)
    return compile_bpmn(bytes(version.xml), actions=KNOWN_ACTIONS), version.process.pipeline_id


_ready: dict[int, RunnableVersion] = {}


def runnable_version(version_id: int) -> RunnableVersion:
    """The compiled version with this id; two statements the first time in a process, none later.

    The stages' ids are kept only once all of them are there: a draft's come into being when it is published.
    Raises ProcessVersion.DoesNotExist for an unknown id."""
    ready = _ready.get(version_id)
    if ready is not None:
        return ready
    definition, pipeline_id = _compiled(version_id)
    ids = dict(Stage.objects.filter(pipeline_id=pipeline_id).values_list("key", "pk"))
    positions = {stage.key: stage.position for stage in definition.stages}
    version = RunnableVersion(
        version_id, definition, ids, positions, _hears(definition), _works(definition), _watches(definition),
        _promises(definition),
    )  # fmt: skip
    if positions.keys() <= ids.keys():
        if len(_ready) >= KEPT_VERSIONS:
            _ready.clear()
        _ready[version_id] = version
    return version


def _hears(definition: Definition) -> bool:
    return any(
        isinstance(element, ReceiveTask)
        or (isinstance(element, (StartEvent, CatchEvent, BoundaryEvent)) and element.trigger in ("message", "signal"))
        for element in definition.elements.values()
    )


def _works(definition: Definition) -> bool:
    return any(isinstance(element, (ServiceTask, CallActivity)) for element in definition.elements.values())


def _watches(definition: Definition) -> bool:
    return any(task.controls for task in definition.user_tasks())


def _promises(definition: Definition) -> frozenset[str]:
    return frozenset(task.deadline_answer for task in definition.user_tasks() if task.deadline_answer)


def forget_definitions() -> None:
    """Drop the kept definitions: for tests, which reuse ids in fresh databases."""
    _compiled.cache_clear()
    _ready.clear()
