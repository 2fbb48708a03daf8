"""What the file declares beside the process (messages, signals, errors, escalations), found by reference."""

from kniga.engine.bpmn.draft import Draft, Node, children, is_bpmn, local


def local_part(node: Node, name: str) -> str:
    """A reference (xsd:QName) without the prefix of its namespace, if it has one that is declared here."""
    prefix, colon, rest = name.partition(":")
    return rest if colon and prefix in node.nsmap else name


def resolve(draft: Draft, node: Node, name: str, tag: str) -> Node | None:
    """The root element ``tag`` that the attribute ``name`` of a node names; a wrong name is a problem."""
    value = (node.get(name) or "").strip()
    if not value:
        return None
    found = _find(draft.root, local_part(node, value), tag)
    if found is None:
        draft.problems.add("unknown_reference", node, attribute=name, value=value, what=tag)
    return found


def definitions_of(draft: Draft, event: Node) -> list[Node]:
    """What makes an event more than a plain one, those it refers to (eventDefinitionRef) included (10.5.1)."""
    found: list[Node] = []
    for part in event:
        name = local(part) if is_bpmn(part) else ""
        if name.endswith("EventDefinition"):
            found.append(part)
        elif name == "eventDefinitionRef":
            value = (part.text or "").strip()
            target = next((one for one in draft.root if one.get("id") == local_part(part, value)), None)
            if target is not None and is_bpmn(target) and local(target).endswith("EventDefinition"):
                found.append(target)
            else:
                draft.problems.add(
                    "unknown_reference", part, attribute="eventDefinitionRef", value=value, what="event definition"
                )
    return found


def _find(root: Node, id: str, tag: str) -> Node | None:
    return next((one for one in children(root, tag) if one.get("id") == id), None)
