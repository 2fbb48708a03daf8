"""Documents and letters to use at a step: which kind, and from which template."""

from kniga.engine.bpmn.draft import Draft, Node, parts
from kniga.engine.definition.model import MATERIAL_KINDS, Material


def read_materials(draft: Draft, node: Node) -> tuple[Material, ...]:
    """The materials of a user task in the order of the file."""
    found: dict[Material, None] = {}
    for part in parts(node, "material"):
        kind = draft.problems.one_of(part, "kind", part.get("kind"), MATERIAL_KINDS)
        template = draft.problems.key(part, "template", part.get("template"))
        if template is None:
            continue
        material = Material(kind, template)
        if material in found:
            draft.problems.add("duplicate_key", part, what="material", key=template)
        found[material] = None
    return tuple(found)
