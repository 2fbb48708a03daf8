"""What all activities share (BPMN 2.0, 10.3, 13.3.2): boundary events set up, ways taken, loops told."""

from kniga.engine.definition.model import Activity, SubProcess
from kniga.engine.runtime import cancelling, waits
from kniga.engine.runtime.elements import multi_instance
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import Token


def arm(run: Run, activity: Activity, token: Token) -> None:
    """Set up the boundary events of an activity that has begun; those of a loop stand on its holder."""
    if activity.boundary and token.item is None:
        waits.set_up_all(run, token.id, activity.boundary)


def leave(run: Run, activity: Activity, token: Token, outcome: str | None) -> None:
    """End an activity in the usual way: its token goes, the path goes on with this outcome."""
    del run.tokens[token.id]
    if activity.boundary or isinstance(activity, SubProcess):
        cancelling.forget_waits(run, token)
    done(run, activity, token.parent, token.item, outcome)


def done(run: Run, activity: Activity, parent: int, item: int | None, outcome: str | None) -> None:
    """Go on from an activity that is over, or count it in its loop."""
    if item is None:
        run.go_on(activity.id, activity.ways, parent, outcome)
    else:
        multi_instance.body_done(run, run.tokens[parent], outcome)
