"""What the stages of a file mean here: a step of the chosen process, or a deal won or lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from kniga.engine import UserTask, entry_steps
from kniga.imports.options import Options
from kniga.imports.references import NEAR, Unknown
from kniga.platform.textkeys import match_key
from kniga.processes.versions.definitions import RunnableVersion

_WON: Final = frozenset(
    ("won", "closedwon", "success", "successful", "выиграна", "выиграно", "выигран", "успешно", "успешнореализовано",
     "успешная", "сделкауспешна", "продано", "оплачено")
)  # fmt: skip
_LOST: Final = frozenset(
    ("lost", "closedlost", "failed", "проиграна", "проиграно", "проигран", "неуспешно", "провал", "провалена", "отказ",
     "закрытоинереализовано", "потеряна", "сделкапровалена")
)  # fmt: skip
WON, LOST, OPEN = "won", "lost", "open"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a deal of a stage goes: its status, and for an open one the step and the stage it enters."""

    status: str
    element: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class StageMap:
    """The stages of one process and what the person said about the file's."""

    version: RunnableVersion
    options: Options

    def target(self, text: str) -> Target | Unknown:
        """What the file's stage `text` means; an Unknown with the nearest stage if nobody has said."""
        said = self.options.stages.get(text) or self.options.confirmed.get("stage", {}).get(text)
        found = self._named(said) if said else None
        found = found or self._by_itself(text)
        return found or Unknown("stage", text, self._nearest(text), False)

    def furthest(self) -> str:
        """The furthest stage among those open deals of the file stand in: closed deals closed from there."""
        keys = [target.stage for said in self.options.stages.values() if (target := self._named(said)) and target.stage]
        stages = self.version.definition.stages
        return max(keys, key=lambda key: self.version.positions[key]) if keys else stages[0].key

    def steps(self) -> list[tuple[str, str]]:
        """The steps a stage may be mapped to: (element, stage and name)."""
        names = {stage.key: stage.name for stage in self.version.definition.stages}
        return [(task.id, f"{names[task.stage]}: {task.name}") for task in self._entries() if task.stage]

    def _named(self, said: str) -> Target | None:
        if said in (WON, LOST):
            return Target(said)
        definition = self.version.definition
        for task in self._entries():
            if task.stage and task.id in (said, f"task_{said}"):
                return Target(OPEN, task.id, task.stage)
        for stage in definition.stages:
            if said in (stage.key, stage.name):
                return self._first_step(stage.key)
        return None

    def _by_itself(self, text: str) -> Target | None:
        key = match_key(text)
        if key in _WON:
            return Target(WON)
        if key in _LOST:
            return Target(LOST)
        for stage in self.version.definition.stages:
            if key in (match_key(stage.key), match_key(stage.name)):
                return self._first_step(stage.key)
        return None

    def _first_step(self, stage: str) -> Target | None:
        for task in self._entries():
            if task.stage == stage:
                return Target(OPEN, task.id, stage)
        return None

    def _entries(self) -> tuple[UserTask, ...]:
        return entry_steps(self.version.definition)

    def _nearest(self, text: str) -> str:
        names = {match_key(stage.name): stage.key for stage in self.version.definition.stages}
        best = process.extractOne(match_key(text), list(names), scorer=fuzz.ratio, score_cutoff=NEAR - 20)
        return names[best[0]] if best else ""
