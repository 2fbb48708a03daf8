"""What a service or send task can do: actions by name, with typed parameters. The shell carries them out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kniga.rules import FieldType

ParamType = FieldType | Literal["any"]


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """A parameter of an action. ``any`` takes a value of every type; a ``literal`` one cannot come from a field."""

    name: str
    type: ParamType = "text"
    required: bool = False
    literal: bool = False


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action. Of each group in ``one_of`` at least one parameter must be given; an ``immediate`` action is the
    engine's own."""

    name: str
    params: tuple[ParamSpec, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    immediate: bool = False

    def param(self, name: str) -> ParamSpec | None:
        """The parameter of this name, or None."""
        return next((param for param in self.params if param.name == name), None)


ActionRegistry = Mapping[str, ActionSpec]

SET_FIELD = "set_field"
SEND_LETTER = "send_letter"
RESCORE = "rescore"
"""Add up the points of the conditions that are true; the engine's own, as SET_FIELD is."""
CALL = "call"
"""The action under which a call activity asks for another process."""

STANDARD_ACTIONS: ActionRegistry = {
    spec.name: spec
    for spec in (
        ActionSpec(
            SET_FIELD,
            (ParamSpec("field", required=True, literal=True), ParamSpec("value", "any", required=True)),
            immediate=True,
        ),
        ActionSpec(RESCORE, (ParamSpec("answer", required=True, literal=True),), immediate=True),
        ActionSpec("create_document", (ParamSpec("template", required=True), ParamSpec("name"))),
        ActionSpec("start_process", (ParamSpec("process", required=True, literal=True),)),
        ActionSpec("call_webhook", (ParamSpec("url", required=True), ParamSpec("event"))),
        ActionSpec(
            SEND_LETTER,
            (
                ParamSpec("template", literal=True),
                ParamSpec("subject", literal=True),
                ParamSpec("body", literal=True),
                ParamSpec("to", literal=True),
            ),
            one_of=(("template", "body"), ("template", "subject")),
        ),
    )
}
