"""Leaving an element, and what a multi-instance activity may do at its ends."""

from kniga.engine.definition.model import Element, MultiInstance, Way
from kniga.engine.soundness.marking import Move, Walk


def go_on(walk: Walk, element: Element, ways: tuple[Way, ...], move: Move) -> list[Walk]:
    """Leave an element at once, by every way."""
    walk.leave(ways, move.parent, move.outcome, (*move.trail, element.id))
    return [walk]


def skipping(loop: MultiInstance | None) -> bool:
    """Whether a loop may have nothing to do."""
    return loop is not None and not loop.count


def repeats(loop: MultiInstance | None) -> bool:
    """Whether an activity may be done once more. Its bodies know nothing of each other, so that one after the
    other stands for all orders."""
    return loop is not None and loop.count != 1
