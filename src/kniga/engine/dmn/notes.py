"""What is wrong in a DMN file, noted at the nearest element that has an id."""

from kniga.engine.bpmn.draft import Node, Problems, line_of, local
from kniga.engine.bpmn.names import KNIGA
from kniga.engine.definition.problems import Problem
from kniga.engine.dmn.names import CURES, DEFAULT_CURE

MAX_SAID = 300


def note(problems: Problems, code: str, node: Node, **params: str) -> None:
    """Note a problem at a node; of a table inside a process at the step that holds it."""
    at: Node | None = next(node.iterancestors(f"{{{KNIGA}}}dmn"), node)
    while at is not None and not at.get("id"):
        at = at.getparent()
    short = {key: value if len(value) <= MAX_SAID else f"{value[:MAX_SAID]}…" for key, value in params.items()}
    short.setdefault("tag", local(node))
    problems.found.append(Problem(code, None if at is None else at.get("id"), line_of(node), short))


def refuse(problems: Problems, node: Node, what: str, cure: str | None = None) -> None:
    """Refuse a part of a decision by its name."""
    at = node
    while local(at) != "decision" and (above := at.getparent()) is not None:
        at = above
    decision = at if local(at) == "decision" else node
    name = decision.get("name") or decision.get("id") or "–"
    note(problems, "dmn_not_supported", node, what=what, decision=name, cure=cure or CURES.get(what, DEFAULT_CURE))
