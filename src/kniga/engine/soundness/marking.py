"""Where an instance stands, as the exploration sees it: a tree of tokens and the facts that still matter.

A token rests at an element (by flow ``flow``, if that is a join) inside the scope ``parent``. Two markings are the
same if they differ only in the tokens' ids; ``freeze`` gives them the same value.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, cast

from kniga.engine.definition.model import Result, Way
from kniga.engine.soundness.data import NO_FACTS, Facts

Place = tuple[str, str, str, tuple[str, ...], tuple[object, ...]]
"""A frozen token: element, flow, outcome, what has fired for good, the tokens inside."""

ROOT = 0


class Token(NamedTuple):
    """A resting token. An unknown or irrelevant outcome is the empty text, as is a flow that does not matter."""

    element: str
    parent: int = ROOT
    flow: str = ""
    outcome: str = ""
    fired: tuple[str, ...] = ()


class Marking(NamedTuple):
    """A state of the exploration. ``ended`` says how the instance is over, None while it runs."""

    places: tuple[Place, ...]
    facts: Facts = NO_FACTS
    fired: tuple[str, ...] = ()
    ended: Result | str | None = None


class Move(NamedTuple):
    """A token on its way into an element; ``trail`` are the elements it has come by in this step."""

    element: str
    flow: str
    parent: int
    outcome: str | None
    trail: tuple[str, ...]


class Blocked(NamedTuple):
    """A step the runtime would reject: at ``element`` nothing leads on. ``trail`` is how the token came there."""

    code: str
    element: str
    outcome: str | None
    trail: tuple[str, ...]


Refusals = list[Blocked]


class Walk:
    """One step being taken: the only mutable thing here. Where a condition lets it go several ways it is copied."""

    __slots__ = (
        "ended", "entered", "facts", "failed", "fired", "hops", "last", "loud", "moves", "reads", "repeated", "seq",
        "tokens", "writes",
    )  # fmt: skip

    def __init__(self) -> None:
        self.tokens: dict[int, Token] = {}
        self.seq = 0
        self.moves: deque[Move] = deque()
        self.facts: Facts = NO_FACTS
        self.fired: tuple[str, ...] = ()
        self.ended: str | None = None
        self.last: str = "other"
        self.entered: tuple[str, ...] = ()
        self.hops = 0
        self.failed: Blocked | None = None
        self.loud = False
        """Whether the step may take something from other tokens, or depends on where they stand."""
        self.reads: frozenset[str] = frozenset()
        self.writes: frozenset[str] = frozenset()
        self.repeated: frozenset[str] = frozenset()
        """The sub-processes a loop has begun once more in this step."""

    def copy(self) -> "Walk":
        """Another walk that stands where this one does."""
        other = Walk.__new__(Walk)
        for name in Walk.__slots__:
            setattr(other, name, getattr(self, name))
        other.tokens = dict(self.tokens)
        other.moves = deque(self.moves)
        return other

    def rest(self, token: Token) -> int:
        """Let a token rest; returns its id."""
        self.seq += 1
        self.tokens[self.seq] = token
        return self.seq

    def leave(self, ways: tuple[Way, ...], parent: int, outcome: str | None, trail: tuple[str, ...]) -> None:
        """Send a token along each way. Where there is none the whole step fails, as the runtime rejects it."""
        if not ways:
            self.failed = Blocked("dead_end", trail[-1], None, trail)
        for way in ways:
            self.moves.append(Move(way.target, way.flow, parent, outcome, trail))

    def inside(self, scope: int) -> Iterator[int]:
        """The ids of the tokens directly inside a scope."""
        return (id for id, token in self.tokens.items() if token.parent == scope)

    def clear(self, scope: int) -> None:
        """Take away everything inside a scope, however deep."""
        gone = {scope}
        while True:
            more = [id for id, token in self.tokens.items() if token.parent in gone and id not in gone]
            if not more:
                break
            gone.update(more)
        for id in gone - {scope}:
            del self.tokens[id]
        self.moves = deque(move for move in self.moves if move.parent not in gone)

    def end(self, result: str) -> None:
        """The instance is over."""
        self.ended = result
        self.tokens.clear()
        self.moves.clear()
        self.loud = True


def freeze(walk: Walk, facts: Facts) -> Marking:
    """Where a walk has come to, with the facts worth keeping."""
    if walk.ended is not None:
        return Marking((), ended=walk.ended)
    children: dict[int, list[int]] = {}
    for id, token in walk.tokens.items():
        children.setdefault(token.parent, []).append(id)

    def places(scope: int) -> tuple[Place, ...]:
        found = []
        for id in children.get(scope, ()):
            token = walk.tokens[id]
            found.append((token.element, token.flow, token.outcome, token.fired, places(id)))
        found.sort()
        return tuple(found)

    return Marking(places(ROOT), facts, walk.fired)


def thaw(marking: Marking) -> Walk:
    """A walk that stands at a marking; ids are given in the order of the tree."""
    walk = Walk()
    walk.facts = marking.facts
    walk.fired = marking.fired

    def place(places: tuple[object, ...], parent: int) -> None:
        for item in places:
            element, flow, outcome, fired, inner = cast(Place, item)
            place(inner, walk.rest(Token(element, parent, flow, outcome, fired)))

    place(marking.places, ROOT)
    return walk


def largest_crowd(places: tuple[object, ...]) -> int:
    """How many equal tokens stand together at most, in one scope."""
    most = run = 0
    before: object = None
    for item in places:
        run = run + 1 if item == before else 1
        before = item
        most = max(most, run, largest_crowd(item[4]) if item[4] else 0)  # type: ignore[index]
    return most
