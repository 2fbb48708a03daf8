"""Multi-instance activities (BPMN 2.0, 10.3.7, 13.3.7): once for each item, one after the other or all at once.

A holder token stands for the whole; its bodies have it as their parent. At the end the number of times each outcome
was met becomes an answer, ``<element>.<outcome>``."""

from collections.abc import Mapping
from dataclasses import replace

from kniga.engine.definition.model import Activity, CallActivity, MultiInstance, UserTask
from kniga.engine.runtime import cancelling, waits
from kniga.engine.runtime.events import LoopEnded, LoopStarted
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Loop, Token
from kniga.rules import Value

MOST_ITEMS = 1000
"""How many bodies one command may begin."""


def enter(run: Run, activity: Activity, move: Move) -> None:
    """Begin the loop; without items the token passes."""
    assert activity.loop is not None
    items = _items(run, activity, activity.loop)
    if not items:
        _count(run, activity, {})
        return run.go_on(activity.id, activity.ways, move.parent, None)
    begun = 1 if activity.loop.sequential else len(items)
    holder = run.rest(activity.id, move.parent, outcome=move.outcome, loop=Loop(items, begun))
    run.events.append(LoopStarted(holder.id, activity.id, items))
    waits.set_up_all(run, holder.id, activity.boundary)
    for item in range(begun):
        _begin(run, holder, item)
    return None


def body_done(run: Run, holder: Token, outcome: str | None) -> None:
    """Count a body that is over; end the loop, or begin the next body."""
    activity, loop = run.elements[holder.element], holder.loop
    assert isinstance(activity, Activity) and activity.loop is not None and loop is not None
    loop = replace(loop, done=loop.done + 1, outcomes=_counted(loop.outcomes, outcome))
    if loop.done == len(loop.items) or _is_enough(run, activity, activity.loop, loop):
        return _end(run, activity, holder, loop)
    if activity.loop.sequential:
        loop = replace(loop, begun=loop.begun + 1)
        _begin(run, holder, loop.begun - 1)
    run.tokens[holder.id] = replace(holder, loop=loop)
    return None


def item_of(run: Run, body: Token) -> str:
    """The key of the item a body is for."""
    loop = run.tokens[body.parent].loop
    assert loop is not None and body.item is not None
    return loop.items[body.item]


def outcomes_of(activity: Activity) -> tuple[str, ...]:
    """The outcomes that can be counted at the end of an activity's body."""
    if isinstance(activity, UserTask):
        return tuple(outcome.key for outcome in activity.outcomes)
    return ("won", "lost", "other") if isinstance(activity, CallActivity) else ()


def _items(run: Run, activity: Activity, loop: MultiInstance) -> tuple[str, ...]:
    listed: Value = () if loop.field is None else run.value(loop.field) or ()
    if not isinstance(listed, tuple):
        raise Refused("bad_field", detail=f"{loop.field}: a list of choices is expected")
    count = len(listed) if loop.count is None else loop.count
    run.bodies += count
    if run.bodies > MOST_ITEMS:
        raise Refused("too_many_items", element=activity.id, count=str(count), limit=str(MOST_ITEMS))
    return tuple(map(str, listed if loop.count is None else range(1, count + 1)))


def _begin(run: Run, holder: Token, item: int) -> None:
    run.queue.append(Move(holder.element, None, holder.id, holder.outcome, item))


def _end(run: Run, activity: Activity, holder: Token, loop: Loop) -> None:
    cancelling.cancel_inside(run, holder.id)
    del run.tokens[holder.id]
    outcomes = dict(loop.outcomes)
    run.events.append(LoopEnded(holder.id, activity.id, "completed", loop.done, outcomes))
    cancelling.forget_waits(run, holder)
    _count(run, activity, outcomes)
    run.go_on(activity.id, activity.ways, holder.parent, None)


def _count(run: Run, activity: Activity, outcomes: Mapping[str, int]) -> None:
    counts: dict[str, Value] = {
        key: outcomes.get(outcome, 0)
        for outcome in outcomes_of(activity)
        if (key := f"{activity.id}.{outcome}") in run.definition.question_types
    }
    if counts:
        run.answer(counts)


def _is_enough(run: Run, activity: Activity, loop: MultiInstance, so_far: Loop) -> bool:
    if loop.until is None:
        return False
    seen: dict[str, Value] = {f"loop.outcome.{outcome}": 0 for outcome in outcomes_of(activity)}
    seen.update({f"loop.outcome.{outcome}": count for outcome, count in so_far.outcomes})
    run.values.loop = {"loop.total": len(so_far.items), "loop.done": so_far.done, **seen}
    enough = run.holds(loop.until, None)
    run.values.loop = {}
    return enough


def _counted(outcomes: tuple[tuple[str, int], ...], outcome: str | None) -> tuple[tuple[str, int], ...]:
    if outcome is None:
        return outcomes
    counts = dict(outcomes)
    counts[outcome] = counts.get(outcome, 0) + 1
    return tuple(counts.items())
