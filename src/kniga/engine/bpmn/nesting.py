"""Elements that two people put into each other: found in what holds what."""

from collections.abc import Mapping


def circle(parents: Mapping[str, str]) -> list[str]:
    """Elements each of which is held by the next, the last by the first; none where nothing goes round."""
    safe = {""}
    for id in parents:
        way: list[str] = []
        while id in parents and id not in safe and id not in way:
            way.append(id)
            id = parents[id]
        if id in way:
            return way[way.index(id) :]
        safe.update(way)
    return []
