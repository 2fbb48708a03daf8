"""What the exploration asks of a definition again and again, worked out once: where tokens may go from each element,
what they may look at and change on the way, which outcome still matters."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from kniga.engine.definition.model import (
    SETTABLE_FIELDS,
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    DecisionTask,
    Definition,
    Element,
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    MultiInstance,
    ParallelGateway,
    ReceiveTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    UserTask,
    targets_of,
)
from kniga.engine.soundness.data import Conditions, Facts
from kniga.rules import Rule, comparisons, fields_of, items_of

Keys = frozenset[str]
NONE: Keys = frozenset()


class Outline:
    """A definition seen by the exploration."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.blurred = False
        self._concurrent: dict[tuple[frozenset[str], frozenset[str], frozenset[str]], tuple[Keys, Keys]] = {}
        self.elements = definition.elements
        self.conditions = Conditions(definition)
        self.handlers: Mapping[str | None, tuple[str, ...]] = {
            None: definition.handlers,
            **{id: element.handlers for id, element in self.elements.items() if isinstance(element, SubProcess)},
        }
        self.next = {id: self._next(element) for id, element in self.elements.items()}
        self.inclusive = [
            element
            for element in self.elements.values()
            if isinstance(element, InclusiveGateway) and len(element.incoming) > 1
        ]
        self.shared = {gateway.id: _shared(gateway) for gateway in self.inclusive}
        read = {id: reads(element) for id, element in self.elements.items()}
        self.looked_at: Keys = NONE.union(*read.values())
        self.tracked: Keys = frozenset(key for key in self.looked_at if key.startswith("answer."))
        self.writes = {id: self._writes(element) for id, element in self.elements.items()}
        self.read = {id: keys & self.tracked for id, keys in read.items()}
        self.ahead = self._ahead(self.read)
        self.volatile = self._volatile()
        self.counts = {id: self._counts(element) for id, element in self.elements.items()}
        self.counted = {id: self._counted(element) for id, element in self.elements.items()}
        self.joins = self._joins()
        self.rank = self._rank()
        self.keeps_outcome = self._keeps_outcome()
        self.codes = sorted(
            {
                element.code
                for element in self.elements.values()
                if isinstance(element, (BoundaryEvent, StartEvent)) and element.trigger == "error" and element.code
            }
        )
        self.careful = self._splits_out_of_a_loop()

    def aside(self, id: str | None) -> tuple[str, ...]:
        """The elements a token at an activity (or a scope; None: the process) may begin beside its ordinary ways."""
        boundary = () if id is None else boundary_of(self.elements[id])
        starts = tuple(self.sub_process(handler).start for handler in self.handlers.get(id, ()))
        return (*boundary, *starts)

    def sub_process(self, id: str) -> SubProcess:
        """The sub-process with this id."""
        element = self.elements[id]
        assert isinstance(element, SubProcess)
        return element

    def _next(self, element: Element) -> tuple[str, ...]:
        if isinstance(element, SubProcess):
            return (*targets_of(element), *self.aside(element.id), element.start)
        return (*targets_of(element), *boundary_of(element))

    def _writes(self, element: Element) -> Keys:
        """The tracked answers that may change when a token leaves an element, and the deal's fields that the engine
        itself sets then."""
        if isinstance(element, UserTask):
            found = {f"answer.{question.key}" for question in element.questions}
            return (frozenset(found) & self.tracked) | self._counts(element)
        if isinstance(element, DecisionTask):
            return frozenset(f"answer.{output.key}" for output in element.table.outputs) & self.tracked
        if isinstance(element, ServiceTask) and element.immediate:
            return frozenset(str(param.value) for param in element.params if param.name == "field") & self.looked_at
        if isinstance(element, (ServiceTask, ReceiveTask, CallActivity)):
            return self.tracked
        if isinstance(element, (CatchEvent, BoundaryEvent, StartEvent)) and element.trigger == "message":
            return self.tracked
        return NONE

    def _ahead(self, read: Mapping[str, Keys]) -> dict[str, Keys]:
        """For each element the answers that may be looked at from there before they are given anew."""
        inward = dict(read)
        outward = dict.fromkeys(self.elements, NONE)
        changed = True
        while changed:
            changed = False
            for id, element in self.elements.items():
                on: set[str] = set()
                for target in targets_of(element):
                    on |= inward[target]
                if isinstance(element, UserTask):
                    on -= self.writes[id]
                for target in self.next[id]:
                    if target not in targets_of(element):
                        on |= inward[target]
                found = frozenset(on)
                if found != outward[id]:
                    outward[id] = found
                    inward[id] = read[id] | found
                    changed = True
        return outward

    def _volatile(self) -> dict[str, Keys]:
        """For each element inside a sub-process that is done for several items at once the answers that another
        body may change while a token rests there: all bodies share them."""
        found = dict.fromkeys(self.elements, NONE)
        for id, element in self.elements.items():
            if not isinstance(element, SubProcess) or element.loop is None:
                continue
            if element.loop.sequential or element.loop.count == 1:
                continue
            inside = [other for other in self.elements if id in self._around(other)]
            written = NONE.union(*(self.writes[other] for other in inside))
            for other in (id, *inside):
                found[other] |= written
        return found

    def _counts(self, element: Element) -> Keys:
        """The tracked answers a loop leaves."""
        if getattr(element, "loop", None) is None:
            return NONE
        return frozenset(key for key in self.tracked if key.startswith(f"answer.{element.id}."))

    def _counted(self, element: Element) -> Facts:
        """What is known of the answers a loop leaves: how many times each outcome was met."""
        loop = getattr(element, "loop", None)
        found: Facts = frozenset()
        if isinstance(loop, MultiInstance):
            for field in self.counts[element.id]:
                found |= self.conditions.whole(field, loop.count, self._numbers_named(field))
        return found

    def _numbers_named(self, field: str) -> set[Decimal]:
        """The numbers conditions compare a field with."""
        rules = (rule for element in self.elements.values() for rule in rules_of(element))
        compared = (one for rule in rules for one in comparisons(rule) if one.field == field)
        return {value for one in compared for value in items_of(one) if isinstance(value, Decimal)}

    def _around(self, id: str) -> set[str]:
        """The sub-processes an element stands in."""
        found: set[str] = set()
        scope = self.elements[id].scope
        while scope is not None:
            found.add(scope)
            scope = self.elements[scope].scope
        return found

    def _joins(self) -> dict[str, list[frozenset[str]]]:
        """For each parallel join and each of its flows the elements from which a token may come by that flow."""
        back: dict[str, list[str]] = {}
        for id, targets in self.next.items():
            for target in targets:
                back.setdefault(target, []).append(id)
        sources = {flow.id: flow.source for flow in self.definition.flows}
        return {
            id: [frozenset(closure([sources[flow]], {**back, id: []})) for flow in element.incoming]
            for id, element in self.elements.items()
            if isinstance(element, ParallelGateway) and len(element.incoming) > 1
        }

    def _rank(self) -> dict[str, int]:
        """In which order tokens are best moved: what stands behind events that do not interrupt first, then from
        the start to the ends."""
        beside = {
            id
            for id, element in self.elements.items()
            if isinstance(element, BoundaryEvent) and not element.interrupting
        }
        main = {id: tuple(target for target in targets if target not in beside) for id, targets in self.next.items()}
        order: list[str] = []
        seen: set[str] = set()
        for start in (*self.definition.starts, self.definition.start):
            pending: list[tuple[str, bool]] = [(start, False)]
            while pending:
                id, left = pending.pop()
                if left:
                    order.append(id)
                elif id not in seen:
                    seen.add(id)
                    pending.append((id, True))
                    pending.extend((target, False) for target in reversed(main[id]))
        return {**dict.fromkeys(self.elements, -1), **{id: -at - 2 + len(order) * 2 for at, id in enumerate(order)}}

    def forget(self, facts: Facts, changed: Keys) -> Facts:
        """The facts without those that speak of changed answers."""
        left = frozenset(fact for fact in facts if changed.isdisjoint(self.conditions.fields(fact)))
        if any(self.conditions.fields(fact) & self.tracked - changed for fact in facts - left):
            self.blurred = True
        return left

    def set_to(self, task: ServiceTask) -> Facts:
        """What is known of the field that a task has just set."""
        params = {param.name: param for param in task.params}
        field, value = str(params["field"].value), params["value"]
        type = SETTABLE_FIELDS.get(field) or self.definition.question_types.get(field.removeprefix("answer."))
        if field not in self.looked_at or type is None or type == "multi_choice":
            return frozenset()
        if value.field is not None:
            self.tie(field, value.field)
            return frozenset()
        return self.conditions.equal(field, type, value.value)

    def tie(self, field: str, other: str | None) -> None:
        """Two fields have the same value from now on. No fact says so; where both are looked at, that may matter."""
        if field in self.looked_at and other in self.looked_at:
            self.blurred = True

    def concurrent(self, moving: frozenset[str], others: frozenset[str], beside: frozenset[str]) -> tuple[Keys, Keys]:
        """What the ``others`` may look at and change before the ``moving`` tokens must have come on: they cannot pass
        a join one of whose flows nobody else can reach. ``beside`` are events that may come as well."""
        key = (moving, others, beside)
        if key not in self._concurrent:
            held = {
                join: ()
                for join, flows in self.joins.items()
                if any(not moving.isdisjoint(flow) and (others | beside).isdisjoint(flow) for flow in flows)
            }
            reached = closure(
                [target for id in others if id not in held for target in self.next[id]], {**self.next, **held}
            )
            reached = (reached | closure(beside, self.next)) - set(held)
            looked = NONE.union(*(self.read[id] for id in reached | others))
            changed = NONE.union(*(self.writes[id] for id in reached | others))
            self._concurrent[key] = (looked, changed)
        return self._concurrent[key]

    def _keeps_outcome(self) -> dict[str, bool]:
        """Whether a token that leaves an element may still be asked for the outcome it carried there."""
        asked = {id: "outcome" in reads(element) for id, element in self.elements.items()}
        kept = {id: self._waits_on_outcome(element, asked) for id, element in self.elements.items()}
        changed = True
        while changed:
            changed = False
            for id, element in self.elements.items():
                if kept[id] or forgets_outcome(element):
                    continue
                on = (element.start,) if isinstance(element, SubProcess) else targets_of(element)
                if any(asked[target] or kept[target] for target in on):
                    kept[id] = changed = True
        return kept

    def _waits_on_outcome(self, element: Element, asked: Mapping[str, bool]) -> bool:
        """Whether a token that rests at an element waits for a condition on the outcome it came with."""
        if isinstance(element, EventGateway):
            return any(asked[target] for target in targets_of(element))
        return isinstance(element, CatchEvent) and asked[element.id]

    def _splits_out_of_a_loop(self) -> bool:
        """Whether one of several ways out of a split leaves the loop the split stands in: then tokens may gather
        without end, and every order of steps is looked at."""
        reach = {id: closure(targets_of(element), self.next) for id, element in self.elements.items()}
        for id, element in self.elements.items():
            ways = targets_of(element)
            if len(ways) < 2 or isinstance(element, (ExclusiveGateway, EventGateway)) or id not in reach[id]:
                continue
            if any(id not in reach[target] for target in ways):
                return True
        return False


def closure(starts: Iterable[str], next: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything that can be reached."""
    seen: set[str] = set()
    pending = list(starts)
    while pending:
        id = pending.pop()
        if id not in seen:
            seen.add(id)
            pending.extend(next.get(id, ()))
    return seen


def boundary_of(element: Element) -> tuple[str, ...]:
    """The boundary events of an element; none if it is no activity."""
    if isinstance(element, (UserTask, ServiceTask, ReceiveTask, DecisionTask, CallActivity, SubProcess)):
        return element.boundary
    return ()


def reads(element: Element) -> Keys:
    """The fields a token looks at when it enters (a loop: also when it leaves) an element, or waits for its event."""
    return NONE.union(*(fields_of(rule) for rule in rules_of(element)))


def rules_of(element: Element) -> list[Rule]:
    """The conditions a token meets at an element."""
    rules: list[Rule] = []
    if isinstance(element, (ExclusiveGateway, InclusiveGateway)):
        rules.extend(branch.condition for branch in element.branches)
    elif isinstance(element, DecisionTask):
        rules.extend(rule.condition for rule in element.table.rules)
    elif isinstance(element, (CatchEvent, BoundaryEvent, StartEvent)) and element.condition is not None:
        rules.append(element.condition)
    return rules


def forgets_outcome(element: Element) -> bool:
    """Whether a token that goes on from here has another outcome than it came with, or none."""
    if isinstance(element, (ParallelGateway, InclusiveGateway)):
        return len(element.incoming) > 1
    return isinstance(element, (UserTask, CallActivity, EventGateway))


def _shared(gateway: InclusiveGateway) -> frozenset[str]:
    """The elements from which a token may come to an inclusive join by several flows."""
    seen: set[str] = set()
    twice: set[str] = set()
    for upstream in gateway.upstream.values():
        twice |= seen & upstream
        seen |= upstream
    return frozenset(twice)
