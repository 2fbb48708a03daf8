"""What differs between two BPMN files for a reader: not white space, the order of attributes, prefixes or comments,
but everything else: semantics, layout, extensions of any tool."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from kniga.engine.bpmn.draft import Node, local
from kniga.engine.bpmn.reading import read_tree

_QUALIFIED = re.compile(r"([A-Za-z_][\w.-]*):([\w.-]+)\Z")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: where (a path of tags and ids), what of it, and how it was and is (None: not there)."""

    place: str
    what: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        return f"{self.place}: {self.what}: {self.before!r} → {self.after!r}"


def differences(before: bytes, after: bytes) -> tuple[Difference, ...]:
    """Everything that differs between two files; empty if they say the same. Raises BpmnRefused for a file that
    cannot be read."""
    return tuple(_compare(read_tree(before), read_tree(after), ""))


def _compare(one: Node, other: Node, place: str) -> Iterator[Difference]:
    here = f"{place}/{_named(one)}"
    if one.tag != other.tag:
        yield Difference(here, "element", str(one.tag), str(other.tag))
        return
    ours, theirs = _attributes(one), _attributes(other)
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            yield Difference(here, f"attribute {key}", ours.get(key), theirs.get(key))
    if _text(one) != _text(other):
        yield Difference(here, "text", _text(one), _text(other))
    yield from _compare_children(list(one), list(other), here)


def _compare_children(ones: list[Node], others: list[Node], here: str) -> Iterator[Difference]:
    keys, other_keys = [_key(node) for node in ones], [_key(node) for node in others]
    if keys == other_keys:
        for one, other in zip(ones, others, strict=True):
            yield from _compare(one, other, here)
        return
    gone, new = Counter(keys) - Counter(other_keys), Counter(other_keys) - Counter(keys)
    for (tag, id), _ in gone.items():
        yield Difference(here, f"element {tag}", id or "", None)
    for (tag, id), _ in new.items():
        yield Difference(here, f"element {tag}", None, id or "")
    ours, theirs = _without(ones, gone), _without(others, new)
    if [_key(node) for node in ours] != [_key(node) for node in theirs]:
        yield Difference(here, "order of the elements", _order(ours), _order(theirs))
        ours.sort(key=_key)
        theirs.sort(key=_key)
    for one, other in zip(ours, theirs, strict=True):
        yield from _compare(one, other, here)


def _without(nodes: list[Node], dropped: Counter[tuple[str, str]]) -> list[Node]:
    left = Counter(dropped)
    kept = []
    for node in nodes:
        if left[_key(node)] > 0:
            left[_key(node)] -= 1
        else:
            kept.append(node)
    return kept


def _key(node: Node) -> tuple[str, str]:
    return str(node.tag), node.get("id") or ""


def _named(node: Node) -> str:
    id = node.get("id")
    return f"{local(node)}[{id}]" if id else local(node)


def _order(nodes: list[Node]) -> str:
    return " ".join(_named(node) for node in nodes)[:300]


def _attributes(node: Node) -> dict[str, str]:
    return {str(key): _expanded(node, str(value)) for key, value in node.attrib.items()}


def _text(node: Node) -> str:
    pieces = [node.text or "", *(child.tail or "" for child in node)]
    return "\n".join(_expanded(node, piece.strip()) for piece in pieces if piece.strip())


def _expanded(node: Node, value: str) -> str:
    """A qualified name with its namespace instead of the prefix; other values as they are."""
    match = _QUALIFIED.match(value)
    namespace = node.nsmap.get(match.group(1)) if match else None
    return f"{{{namespace}}}{match.group(2)}" if match and namespace else value
