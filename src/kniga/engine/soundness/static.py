"""Static checks before publishing: no dead ends, every outcome leads on, nothing forgotten."""

from kniga.engine.definition.model import Definition
from kniga.engine.definition.problems import Problem


def check(definition: Definition) -> tuple[Problem, ...]:
    """Everything that speaks against publishing (errors) or is probably an oversight (warnings)."""
    return ()
