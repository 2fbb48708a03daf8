"""Compiled definitions, kept per process: a published version never changes, so neither does its definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from kniga.deals.models import Stage
from kniga.engine import Definition, compile_bpmn
from kniga.processes.models import ProcessVersion

KEPT_VERSIONS = 256


@dataclass(frozen=True, slots=True)
class RunnableVersion:
    """A version ready to run: its definition, and the ids of its stages with their positions."""

    id: int
    definition: Definition
    stage_ids: Mapping[str, int]
    positions: Mapping[str, int]


@lru_cache(maxsize=KEPT_VERSIONS)
def runnable_version(version_id: int) -> RunnableVersion:
    """The compiled version with this id; two statements the first time in a process, none later.

    Raises ProcessVersion.DoesNotExist for an unknown id."""
    version = ProcessVersion.objects.select_related("process").get(pk=version_id)
    definition = compile_bpmn(bytes(version.xml))
    stages = Stage.objects.filter(pipeline_id=version.process.pipeline_id)
    ids = dict(stages.values_list("key", "pk"))
    return RunnableVersion(version_id, definition, ids, {stage.key: stage.position for stage in definition.stages})


def forget_definitions() -> None:
    """Drop the kept definitions: for tests, which reuse ids in fresh databases."""
    runnable_version.cache_clear()
