"""Whether a join would wait for ever once an instance is sent to a step, or begun at one.

A join of the process itself is fed, flow by flow, by the tokens that can come to it. While the branches of a process
run as they are drawn, each flow is fed by a branch of its own. Sending a token elsewhere may leave a flow that nobody
feeds any more, or one that two feed: what has arrived then waits, and the instance never ends."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from kniga.engine.definition.model import (
    BoundaryEvent,
    Definition,
    Element,
    InclusiveGateway,
    ParallelGateway,
    UserTask,
    ways_of,
)
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.state import ROOT, Token

Fed = list[frozenset[str]]


def refuse_stranding(
    elements: Mapping[str, Element], tokens: Iterable[Token], leaving: Sequence[Token], step: str
) -> None:
    """Look at every join of the process itself that waits for several flows. Raises Refused stranded, naming the first
    that would wait for ever when the tokens ``leaving`` go away and one comes to ``step``."""
    standing = [token for token in tokens if token.parent == ROOT]
    staying = [token for token in standing if token not in leaving]
    before: Mapping[str, set[str]] | None = None
    for join in elements.values():
        if not isinstance(join, (ParallelGateway, InclusiveGateway)) or join.scope or len(join.incoming) < 2:
            continue
        before = _before(elements) if before is None else before
        reach = {flow: _upstream(before, join.id, flow) for flow in join.incoming}
        fed_now = _fed(join.id, reach, staying)
        comes = _flows_from(reach, step)
        then = sorted((*fed_now, comes) if comes else fed_now, key=sorted)
        if then != sorted(_fed(join.id, reach, standing), key=sorted) and not _is_fed_well(join, then):
            raise Refused("stranded", element=step, join=join.name or join.id)


def entry_steps(definition: Definition) -> tuple[UserTask, ...]:
    """The steps an instance may be begun at: those of the process itself, but not one of several branches behind
    which a join would wait for the others for ever."""
    return tuple(task for task in definition.user_tasks() if task.scope is None and _may_begin(definition, task.id))


def _may_begin(definition: Definition, step: str) -> bool:
    try:
        refuse_stranding(definition.elements, (), (), step)
    except Refused:
        return False
    return True


def _is_fed_well(join: ParallelGateway | InclusiveGateway, fed: Fed) -> bool:
    """No flow is fed by two; of a parallel join all are fed, or none."""
    flows = [flow for one in fed for flow in one]
    is_once = len(flows) == len(set(flows))
    return is_once and (not flows or isinstance(join, InclusiveGateway) or set(flows) == set(join.incoming))


def _fed(join: str, reach: Mapping[str, frozenset[str]], tokens: Iterable[Token]) -> Fed:
    """Which flows each token can come by, or has come by; those that can come by none are left out."""
    found = []
    for token in tokens:
        arrived = token.element == join and token.flow is not None
        flows = frozenset((token.flow or "",)) if arrived else _flows_from(reach, token.element)
        if flows:
            found.append(flows)
    return found


def _flows_from(reach: Mapping[str, frozenset[str]], element: str) -> frozenset[str]:
    return frozenset(flow for flow, sources in reach.items() if element in sources)


def _before(elements: Mapping[str, Element]) -> dict[str, set[str]]:
    """For each element, and each flow, what may come right before it."""
    found: dict[str, set[str]] = defaultdict(set)
    for element in elements.values():
        if isinstance(element, BoundaryEvent):
            found[element.id].add(element.host)
        for flow, target in ways_of(element):
            found[target].add(element.id)
            found[flow].add(element.id)
    return found


def _upstream(before: Mapping[str, set[str]], join: str, flow: str) -> frozenset[str]:
    """From where a token can come to a flow into a join without passing it."""
    seen: set[str] = set()
    pending = list(before[flow])
    while pending:
        at = pending.pop()
        if at != join and at not in seen:
            seen.add(at)
            pending.extend(before.get(at, ()))
    return frozenset(seen)
