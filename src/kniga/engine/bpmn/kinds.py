"""Elements whose kind somebody changed: what only makes sense for one kind is taken over together with it."""

from kniga.engine.bpmn.anatomy import CONTAINERS, KIND, ORDER, PARENT, PLACE, Anatomy

LAYOUT = frozenset({PLACE, ORDER})
_OF_ANY_KIND = LAYOUT | {PARENT, "name", "documentation", "kniga:stage"}


def bound_fields(*sides: dict[str, str]) -> list[str]:
    """The fields that belong to what kind of element it is, the kind itself first."""
    found = dict.fromkeys(name for side in sides for name in side if name not in _OF_ANY_KIND)
    return [KIND, *(name for name in found if name != KIND)]


def as_a_whole(anatomy: Anatomy, id: str) -> str | None:
    """The kind of an element with all that belongs to it, and all that is in it, as one text; None where it is not
    there."""
    if id not in anatomy.fields:
        return None
    fields = anatomy.fields[id]
    said = [f"{name}={fields[name]}" for name in sorted(bound_fields(fields))]
    if fields[KIND] in CONTAINERS:
        said += [f"{one} {_touchable(anatomy, one)}" for one in sorted(anatomy.fields) if _is_inside(anatomy, one, id)]
    return "\n".join(said)


def is_container(kind: str) -> bool:
    """Whether elements may stand in an element of this kind."""
    return kind in CONTAINERS


def _touchable(anatomy: Anatomy, id: str) -> str:
    return repr(sorted((name, value) for name, value in anatomy.fields[id].items() if name not in LAYOUT))


def _is_inside(anatomy: Anatomy, id: str, holder: str) -> bool:
    while id := anatomy.fields[id][PARENT]:
        if id == holder:
            return True
    return False
