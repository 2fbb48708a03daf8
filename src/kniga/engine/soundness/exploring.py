"""The walk through every state a process can come to, as far as the order of independent steps does not matter.

Partial order reduction: if the steps of one token neither take anything from other tokens nor depend on them
(``_is_quiet``), only they are taken in that state; the steps of the others come later and lead to the same states
(A. Valmari's stubborn sets). So that no step is put off for ever, every knot of states that cannot be left has one
state with all its steps (``_undone``)."""

from collections import deque
from typing import NamedTuple

from kniga.engine.definition.model import InclusiveGateway, ParallelGateway, SubProcess
from kniga.engine.soundness.knots import terminal_knots
from kniga.engine.soundness.marking import ROOT, Blocked, Marking, Refusals, Walk, freeze, largest_crowd, thaw
from kniga.engine.soundness.outline import Outline
from kniga.engine.soundness.steps import begin, kept, steps_of
from kniga.engine.soundness.walking import settle

LARGEST_CROWD = 2
"""How many equal tokens events that do not interrupt, and the bodies of loops, may bring together: more of them show
nothing new."""


WALKS_PER_STATE = 2
"""How many walks from state to state go with the limit of one state: the time a proof takes grows with the walks."""


class Taken(NamedTuple):
    """A step taken: where it leads, what it entered, whether it added a token beside its own."""

    marking: Marking
    entered: tuple[str, ...]
    beside: bool


class Steps(NamedTuple):
    """All steps of one token in one state."""

    taken: list[Taken]
    walks: list[Walk]
    refusals: Refusals
    cut: bool
    """Whether a step was left out because of LARGEST_CROWD."""


class Exploration:
    """States by number, in the order they were found; ``complete`` once all are expanded."""

    def __init__(self, outline: Outline, limit: int) -> None:
        self.outline = outline
        self.limit = limit
        self.markings: list[Marking] = []
        self.before: list[tuple[int, Taken]] = []
        """For each state the one it was found from (-1: none) and the step from there."""
        self.after: list[list[int]] = []
        self.refused: dict[int, Refusals] = {}
        self.entered: set[str] = set()
        self.blocked: dict[tuple[str, str, str | None, str], Blocked] = {}
        self.unbounded: int | None = None
        self.complete = False
        self.walked = 0
        self._number: dict[Marking, int] = {}
        self._expanded: list[bool] = []
        self._partly: set[int] = set()
        self._queue: deque[int] = deque()

    def run(self) -> None:
        """Explore until nothing is new, the limit is met, or tokens gather without end."""
        definition = self.outline.definition
        refusals: Refusals = []
        for start in definition.starts or (definition.start,):
            self.entered.add(start)
            for walk in settle(self.outline, begin(self.outline, start), refusals):
                self._found(-1, self._taken(walk, beside=False))
        self._note(-1, refusals)
        while self._goes_on():
            self._expand(self._queue.popleft(), self.outline.careful)
            if not self._queue and self.unbounded is None:
                for number in self._undone():
                    self._expand(number, True)
        self.complete = not self._queue and self.unbounded is None

    def _goes_on(self) -> bool:
        within = len(self.markings) <= self.limit and self.walked <= self.limit * WALKS_PER_STATE
        return bool(self._queue) and within and self.unbounded is None

    def _undone(self) -> list[int]:
        """One state of each knot that cannot be left and in whose states only some steps were taken."""
        found = []
        for knot in terminal_knots(self.after):
            if self._partly.issuperset(knot):
                found.append(min(knot))
        return found

    def is_expanded(self, number: int) -> bool:
        """Whether all steps from a state are known."""
        return self._expanded[number]

    def path(self, number: int) -> tuple[str, ...]:
        """The elements a run enters on its way to a state, in their order."""
        steps: list[tuple[str, ...]] = []
        while number >= 0:
            number, taken = self.before[number]
            steps.append(taken.entered)
        found: list[str] = []
        for step in reversed(steps):
            for id in step:
                if not found or found[-1] != id:
                    found.append(id)
        return tuple(found)

    def _expand(self, number: int, fully: bool) -> None:
        self._expanded[number] = True
        self._partly.discard(number)
        marking = self.markings[number]
        if marking.ended is not None:
            return
        base = thaw(marking)
        known: dict[int, Steps] = {}
        if len(base.tokens) > 1 and not fully:
            for id in sorted(base.tokens, key=lambda id: self.outline.rank[base.tokens[id].element]):
                if isinstance(
                    self.outline.elements[base.tokens[id].element], (SubProcess, ParallelGateway, InclusiveGateway)
                ):
                    continue
                steps = known[id] = self._steps(base, id)
                if self._is_quiet(base, id, steps):
                    self._partly.add(number)
                    self._follow(number, steps)
                    return
        for id in (*base.tokens, ROOT):
            self._follow(number, known.get(id) or self._steps(base, id))

    def _follow(self, number: int, steps: Steps) -> None:
        for taken in steps.taken:
            self._found(number, taken)
        self._note(number, steps.refusals)

    def _steps(self, base: Walk, id: int) -> Steps:
        found: list[Taken] = []
        walks: list[Walk] = []
        refusals: Refusals = []
        cut = False
        for begun in steps_of(self.outline, base, id):
            for walk in settle(self.outline, begun.walk, refusals):
                self.walked += 1
                taken = self._taken(walk, begun.beside or bool(walk.repeated))
                if taken.beside and largest_crowd(taken.marking.places) > LARGEST_CROWD:
                    cut = True
                    continue
                found.append(taken)
                walks.append(walk)
        return Steps(found, walks, refusals, cut)

    def _taken(self, walk: Walk, beside: bool) -> Taken:
        return Taken(freeze(walk, kept(self.outline, walk)), walk.entered, beside)

    def _is_quiet(self, base: Walk, id: int, steps: Steps) -> bool:
        """Whether it makes no difference to the other tokens if this one goes first."""
        if steps.cut or not steps.walks or any(walk.loud for walk in steps.walks):
            return False
        chain = {id}
        scope = base.tokens[id].parent
        while scope != ROOT:
            chain.add(scope)
            scope = base.tokens[scope].parent
        looked = frozenset[str]().union(*(walk.reads for walk in steps.walks))
        changed = frozenset[str]().union(*(walk.writes for walk in steps.walks))
        if looked or changed:
            moving = frozenset(base.tokens[one].element for one in chain)
            others = frozenset(token.element for one, token in base.tokens.items() if one not in chain)
            beside = set(self.outline.aside(None))
            for one in chain - {id}:
                beside.update(self.outline.aside(base.tokens[one].element))
            read, written = self.outline.concurrent(moving, others, frozenset(beside))
            if not looked.isdisjoint(written) or not changed.isdisjoint(read):
                return False
        return self._is_unseen(base, id, steps)

    def _is_unseen(self, base: Walk, id: int, steps: Steps) -> bool:
        """Whether no inclusive join minds: the token can reach the same flows as before, or nobody who is there can
        reach a join by several flows."""
        token = base.tokens[id]
        for gateway in self.outline.inclusive:
            shared = self.outline.shared[gateway.id]
            upstream = [flow for flow in gateway.upstream.values() if token.element in flow]
            after = {
                now.element
                for walk in steps.walks
                for one, now in walk.tokens.items()
                if one not in base.tokens and now.parent == token.parent
            }
            same = all(
                [flow for flow in gateway.upstream.values() if element in flow] == upstream for element in after
            ) and (bool(after) or not upstream)
            beside = {other.element for other in base.tokens.values()}
            if not same and not shared.isdisjoint(beside | after):
                return False
        return True

    def _found(self, number: int, taken: Taken) -> None:
        """Note where a step leads."""
        self.entered.update(taken.entered)
        at = self._number.get(taken.marking)
        if at is None:
            at = self._number[taken.marking] = len(self.markings)
            self.markings.append(taken.marking)
            self.before.append((number, taken))
            self.after.append([])
            self._expanded.append(False)
            self._queue.append(at)
            if largest_crowd(taken.marking.places) > 1 and self._covers(at):
                self.unbounded = at
        if number >= 0:
            self.after[number].append(at)

    def _covers(self, number: int) -> bool:
        """Whether a state has all tokens of a state it came from, and more: then it can come to any number."""
        marking = self.markings[number]
        at, taken = self.before[number]
        while at >= 0 and not taken.beside:
            earlier = self.markings[at]
            if (
                earlier.facts == marking.facts
                and earlier.fired == marking.fired
                and _more(marking.places, earlier.places)
            ):
                return True
            at, taken = self.before[at]
        return False

    def _note(self, number: int, refusals: Refusals) -> None:
        if refusals:
            self.refused.setdefault(number, []).extend(refusals)
        for refusal in refusals:
            key = (refusal.code, refusal.element, refusal.outcome, refusal.trail[0] if refusal.trail else "")
            self.blocked.setdefault(key, refusal)


def _more(places: tuple[object, ...], fewer: tuple[object, ...]) -> bool:
    """Whether one scope holds everything another holds, and more of it somewhere."""
    if len(places) < len(fewer) or places == fewer:
        return False
    left = list(places)
    changed: list[object] = []
    for item in fewer:
        if item in left:
            left.remove(item)
        else:
            changed.append(item)
    if not changed:
        return bool(left)
    if len(changed) > 1 or len(places) != len(fewer):
        return False
    inner, old = left[0], changed[0]
    return inner[:4] == old[:4] and _more(inner[4], old[4])  # type: ignore[index]
