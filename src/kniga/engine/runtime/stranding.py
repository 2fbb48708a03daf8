"""Whether a join would wait for ever once an instance is sent to a step, or begun at one.

Only the joins of the process itself are looked at: a step is one of the process itself, and whoever leaves a
sub-process leaves it with all that stands in it."""

from collections.abc import Iterable, Mapping, Sequence

from kniga.engine.definition.model import Definition, Element, UserTask
from kniga.engine.runtime.feeding import Feeding, Stand, is_fed_well
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.state import ROOT, Token


def refuse_stranding(
    elements: Mapping[str, Element], tokens: Iterable[Token], leaving: Sequence[Token], step: str
) -> None:
    """Look at every join of the process itself that waits for several flows. Raises Refused stranded, naming the first
    that would wait for ever when the tokens ``leaving`` go away and one comes to ``step``."""
    standing = [token for token in tokens if token.parent == ROOT]
    before = [(token.element, token.flow) for token in standing]
    then = [(token.element, token.flow) for token in standing if token not in leaving]
    _refuse(Feeding(elements, None), before, [*then, (step, None)], step)


def entry_steps(definition: Definition) -> tuple[UserTask, ...]:
    """The steps an instance may be begun at: those of the process itself, but not one of several branches behind
    which a join would wait for the others for ever."""
    feeding = Feeding(definition.elements, None)
    return tuple(task for task in definition.user_tasks() if task.scope is None and _may_begin(feeding, task.id))


def _may_begin(feeding: Feeding, step: str) -> bool:
    try:
        _refuse(feeding, [], [(step, None)], step)
    except Refused:
        return False
    return True


def _refuse(feeding: Feeding, before: Sequence[Stand], then: Sequence[Stand], step: str) -> None:
    """What has been fed badly before, and in the same way, is not to be blamed on the sending."""
    for join in feeding.joins.values():
        fed = feeding.fed(join.id, then)
        if not is_fed_well(join, fed) and sorted(fed, key=sorted) != sorted(feeding.fed(join.id, before), key=sorted):
            raise Refused("stranded", element=step, join=join.name or join.id)
