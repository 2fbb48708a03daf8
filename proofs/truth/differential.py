"""Kniga and SpiffWorkflow, walked through the same random choices: the same tasks are open after every step.

`python -m proofs.truth.differential [WALKS]`, with KNIGA_SHARED_DATA naming the folder that holds
`spiffworkflow_bpmn` (and, as a second opinion on many more models, `camunda_bpmn_for_research` and `bpmn_miwg`).
SpiffWorkflow is a development dependency only. `both_engines` says how a process is made to run in both; after every
step are compared: the user tasks that are open (with how many of each), the events that are waited for, and whether
the process has ended. Every disagreement is listed with the clause of the standard that decides.
"""

from __future__ import annotations

import contextlib
import logging
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import ErrorEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.util.task import TaskState

from kniga.engine import (
    NEW_STATE,
    AwaitMessage,
    BoundaryEvent,
    BpmnRefused,
    CancelWaits,
    Command,
    CompleteTask,
    CorrelateMessage,
    ParallelGateway,
    Rejection,
    Start,
    State,
    UserTask,
    advance,
    compile_bpmn,
)
from kniga.engine.definition.model import ways_of
from proofs.foreign.both_engines import Translated, processes, translate
from proofs.harness import Report, note, run
from proofs.truth.bpmn_files import files_of

FIRST = "spiffworkflow_bpmn"
MORE = ("camunda_bpmn_for_research", "bpmn_miwg")
WALKS = 100
STEPS = 40
SEED = "kniga-differential-1"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

Open = tuple[Counter[str], Counter[str], bool]
"""What is open: user tasks, events waited for, and whether all is over."""


AGAIN = "10.5.6: an event that does not interrupt may come again while its activity is at work; SpiffWorkflow takes one"
NO_END = "10.3: a step without a flow onwards ends its path, as in SpiffWorkflow; Kniga publishes none (dead_end)"
TWICE = "13.4.1: a join takes a token from each incoming flow; SpiffWorkflow takes two flows of one source for one"
UNDECIDED = "not explained"
DEAD_END = "no way on"


class Stuck(Exception):
    """An engine cannot go on; the message says why."""


class KnigaWalk:
    """An instance in Kniga's engine."""

    def __init__(self, translated: Translated, values: Mapping[str, Any]) -> None:
        self.definition = compile_bpmn(translated.kniga)
        self.state: State = NEW_STATE
        self.waits: set[tuple[int, str]] = set()
        self._do(Start(data=values))

    def open(self) -> Open:
        """What is open now."""
        tasks = Counter(token.element for token in self._tasks())
        ended = self.state.status != "running"
        return tasks, Counter(element for _, element in self.waits), ended

    def complete(self, element: str, values: Mapping[str, Any]) -> None:
        """Complete the first open task of this element."""
        token = next(token for token in self._tasks() if token.element == element)
        self._do(CompleteTask(token.id, "done", answers=values))

    def deliver(self, element: str) -> None:
        """Send the event's message to everyone who waits for it there."""
        for token, _ in sorted(wait for wait in self.waits if wait[1] == element):
            if (token, element) in self.waits:
                self.waits.discard((token, element))  # it has its message; who waits on says so anew
                self._do(CorrelateMessage(token, element))

    def may_come_again(self) -> set[str]:
        """The boundary events that do not interrupt."""
        elements = self.definition.elements.values()
        return {event.id for event in elements if isinstance(event, BoundaryEvent) and not event.interrupting}

    def joins_twice(self) -> bool:
        """Whether two flows lead from one element into one join."""
        joins = {id for id, element in self.definition.elements.items() if isinstance(element, ParallelGateway)}
        ends = Counter((flow.source, flow.target) for flow in self.definition.flows if flow.target in joins)
        return any(count > 1 for count in ends.values())

    def _tasks(self) -> list[Any]:
        elements = self.definition.elements
        tokens = (token for token in self.state.tokens if token.loop is None)
        return [token for token in tokens if isinstance(elements[token.element], UserTask)]

    def _do(self, command: Command) -> None:
        step = advance(self.definition, self.state, command, now=NOW)
        if isinstance(step, Rejection):
            at = self.definition.elements.get(step.params.get("element", ""))
            is_end = step.code == "no_flow" and at is not None and not ways_of(at)
            raise Stuck(f"{DEAD_END if is_end else step.code}: {step.message}")
        self.state = step.state
        for effect in step.effects:
            if isinstance(effect, AwaitMessage):
                self.waits.add((effect.token, effect.element))
            elif isinstance(effect, CancelWaits):
                gone = {w for w in self.waits if w[0] == effect.token and effect.only in (None, w[1])}
                self.waits -= gone
        if self.state.status != "running":
            self.waits.clear()


class SpiffWalk:
    """An instance in SpiffWorkflow."""

    def __init__(self, translated: Translated, values: Mapping[str, Any]) -> None:
        parser = BpmnParser()
        parser.add_bpmn_xml(translated.spiff)
        spec = parser.get_spec(translated.process)
        self.workflow = BpmnWorkflow(spec, parser.get_subprocess_specs(translated.process))
        self._know(values)
        self.workflow.do_engine_steps()

    def open(self) -> Open:
        """What is open now."""
        tasks = Counter(task.task_spec.bpmn_id for task in self._tasks())
        ended = self.workflow.completed
        waits: Counter[str] = Counter()
        for task in self.workflow.event_manager.tasks.values():
            definition = task.task_spec.event_definition
            if task.has_state(TaskState.WAITING) and not isinstance(definition, ErrorEventDefinition):
                if type(task.task_spec).__name__ == "EventBasedGateway":
                    waits.update(spec.bpmn_id for spec in task.task_spec.outputs)
                else:
                    waits[task.task_spec.bpmn_id] += 1
        return tasks, Counter() if ended else waits, ended

    def complete(self, element: str, values: Mapping[str, Any]) -> None:
        """Complete the first open task of this element."""
        self._know(values)
        next(task for task in self._tasks() if task.task_spec.bpmn_id == element).run()
        self.workflow.do_engine_steps()

    def deliver(self, element: str) -> None:
        """Send the event's message to everyone who waits for it there."""
        self.workflow.catch(BpmnEvent(MessageEventDefinition(f"message_{element}"), payload={}))
        self.workflow.do_engine_steps()

    def _tasks(self) -> list[Any]:
        return [task for task in self.workflow.get_tasks(state=TaskState.READY) if task.task_spec.manual]

    def _know(self, values: Mapping[str, Any]) -> None:
        # Kniga's answers belong to the whole instance, SpiffWorkflow's data to a branch: every branch is told.
        for task in self.workflow.get_tasks():
            if not task.has_state(TaskState.FINISHED_MASK):
                task.data.update(values)


@dataclass
class Tally:
    """What was compared and what differed."""

    files: int = 0
    compared: int = 0
    processes: int = 0
    walks: int = 0
    steps: int = 0
    ended: int = 0
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    differing: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def differ(self, clause: str, place: str, trail: list[str], said: str) -> None:
        """Keep a disagreement."""
        self.differing[clause][place].append(f"{' > '.join(trail)}: {said}")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """SpiffWorkflow logs every step."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def compare(translated: Translated, chance: random.Random, tally: Tally, place: str) -> None:
    """One walk through both engines; stops at the end, at a disagreement or after STEPS steps. Where SpiffWorkflow
    only waits no more for an event that may come again, the walk goes on without that event."""
    values = translated.choose(chance)
    trail: list[str] = []
    once: set[str] = set()
    kniga_says, kniga = _attempt(partial(KnigaWalk, translated, values))
    spiff_says, spiff = _attempt(partial(SpiffWalk, translated, values))
    for _ in range(STEPS):
        tally.steps += 1
        if kniga_says or spiff_says:
            if bool(kniga_says) != bool(spiff_says):
                said = f"Kniga: {kniga_says or 'goes on'}; SpiffWorkflow: {spiff_says or 'goes on'}"
                tally.differ(NO_END if kniga_says.startswith(DEAD_END) else UNDECIDED, place, trail, said)
            return
        here, there = kniga.open(), spiff.open()
        again = set((here[1] - there[1]).keys()) & kniga.may_come_again()
        if here[0] == there[0] and again - once:
            tally.differ(AGAIN, place, trail, f"Kniga {_said(here)}; SpiffWorkflow {_said(there)}")
        once |= again
        here, there = _without(here, once), _without(there, once)
        if here != there:
            said = f"Kniga {_said(here)}; SpiffWorkflow {_said(there)}"
            further = kniga.joins_twice() and not here[0] - there[0]
            tally.differ(TWICE if further else UNDECIDED, place, trail, said)
            return
        tasks, waits, ended = here
        if ended or not (tasks or waits):
            tally.ended += 1
            return
        chosen = chance.choice(sorted([*(("do", task) for task in tasks), *(("event", wait) for wait in waits)]))
        values = translated.choose(chance)
        trail.append(chosen[1])
        kniga_says, spiff_says = (
            _attempt(
                partial(engine.complete, chosen[1], values) if chosen[0] == "do" else partial(engine.deliver, chosen[1])
            )[0]
            for engine in (kniga, spiff)
        )


def _without(open: Open, ignored: set[str]) -> Open:
    tasks, waits, ended = open
    return tasks, Counter({element: count for element, count in waits.items() if element not in ignored}), ended


def _attempt(do: Any) -> tuple[str, Any]:
    """What an engine says when it cannot, and what it gave."""
    try:
        return "", do()
    except Stuck as stuck:
        return str(stuck), None
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200], None


def _said(open: Open) -> str:
    tasks, waits, ended = open
    parts = [f"{name}×{count}" if count > 1 else name for name, count in sorted((tasks + waits).items())]
    return "ended" if ended else ", ".join(parts) or "nothing open"


def walk_file(path: Path, walks: int, tally: Tally) -> None:
    """Walk every process of a file."""
    tally.files += 1
    compared = False
    for root in processes(path.read_bytes()):
        translated = translate(root)
        place = f"{path.parent.name}/{path.name} {translated.process}"
        try:
            compile_bpmn(translated.kniga)
        except BpmnRefused as refused:
            codes = sorted({f"{problem.code} {problem.params.get('tag', '')}".strip() for problem in refused.problems})
            tally.left_out[f"Kniga refuses: {', '.join(codes)}"].append(place)
            continue
        try:
            SpiffWalk(translated, translated.choose(random.Random(0)))
        except Exception as error:
            tally.left_out[f"SpiffWorkflow refuses: {type(error).__name__} {error}"[:160]].append(place)
            continue
        compared = True
        tally.processes += 1
        for number in range(walks):
            tally.walks += 1
            compare(translated, random.Random(f"{SEED}:{place}:{number}"), tally, place)
    tally.compared += compared


def main(report: Report) -> None:
    walks = int(sys.argv[1]) if len(sys.argv) > 1 else WALKS
    with quiet():
        for names in ((FIRST,), MORE):
            tally = Tally()
            for name in names:
                note(f"walking {name}")
                for path in files_of(name):
                    with contextlib.suppress(etree.XMLSyntaxError):
                        walk_file(path, walks if name == FIRST else max(walks // 10, 1), tally)
            tell(report, tally, " and ".join(names))


def tell(report: Report, tally: Tally, name: str) -> None:
    """Say what was compared, what not and why, and every disagreement."""
    report.line(f"{name}: files compared", tally.compared, "files", against=f"{tally.files} files")
    report.line(f"{name}: processes compared", tally.processes, "processes")
    report.line(f"{name}: walks", tally.walks, "walks", against=f"{tally.ended} of them to the end")
    report.line(f"{name}: steps compared", tally.steps, "steps")
    for reason, places in sorted(tally.left_out.items()):
        report.line(f"{name}: left out", len(places), "processes", against=reason)
    for clause, places in sorted(tally.differing.items()):
        count = sum(map(len, places.values()))
        report.line(
            f"{name}: disagreements in {len(places)} processes", count, "walks", against=clause,
            goal="the standard decides each", holds=clause != UNDECIDED,
        )  # fmt: skip
        for place, found in sorted(places.items()):
            report.line(f"{name}: {place}", len(found), "walks", against=min(found, key=len)[:600])
    undecided = sum(map(len, tally.differing.get(UNDECIDED, {}).values()))
    report.line(f"{name}: disagreements not explained", undecided, "walks", goal="0", holds=undecided == 0)


if __name__ == "__main__":
    sys.exit(run(main))
