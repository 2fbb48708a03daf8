"""The order in which people read a book, the same as in the designer: from the beginnings along the ways."""

from __future__ import annotations

from kniga.engine import Definition, SubProcess, targets_of


def reading_order(definition: Definition) -> dict[str, int]:
    """The place of every element: each comes after all that lead to it, loops apart (a depth-first walk's finishing
    order, backwards)."""
    done: set[str] = set()
    finished: list[str] = []
    starts = definition.starts or (definition.start,)
    for begin in (*reversed(starts), *reversed(definition.handlers), *reversed(tuple(definition.elements))):
        if begin in done:
            continue
        done.add(begin)
        pending = [(begin, _following(definition, begin))]
        while pending:
            after = pending[-1][1]
            if not after:
                finished.append(pending.pop()[0])
            elif (found := after.pop()) not in done:
                done.add(found)
                pending.append((found, _following(definition, found)))
    return {id: place for place, id in enumerate(reversed(finished))}


def _following(definition: Definition, id: str) -> list[str]:
    """What may come next, the first to be walked last in the list: inside, then the ways, then the events at it."""
    element = definition.elements[id]
    inside = [element.start] if isinstance(element, SubProcess) else []
    return [*getattr(element, "boundary", ()), *reversed(targets_of(element)), *inside]
