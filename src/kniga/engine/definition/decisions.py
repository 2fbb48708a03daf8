"""Decision tables (DMN 1.3, 8): rows of conditions over inputs, and what they answer."""

from dataclasses import dataclass
from typing import Literal

from kniga.rules import FieldType, Rule, Value

HitPolicy = Literal["UNIQUE", "FIRST", "PRIORITY", "COLLECT"]
Aggregation = Literal["SUM", "MIN", "MAX", "COUNT"]


@dataclass(frozen=True, slots=True)
class DecisionOutput:
    """A column of answers. ``key`` is the answer it becomes, ``type`` the answer's type; ``priorities`` its allowed
    values, most important first (hit policy PRIORITY). Collected without aggregation the answer is a multi_choice of
    what the rows say, counted it is a number; else the rows hold values of ``type`` themselves."""

    key: str
    label: str
    type: FieldType
    priorities: tuple[Value, ...] = ()
    default: Value = None


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """A row: when ``condition`` is true, these are the values of the outputs. ``label`` is what people call it."""

    id: str
    condition: Rule
    outputs: tuple[Value, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A decision table; ``inputs`` are the fields its conditions look at."""

    id: str
    name: str
    policy: HitPolicy
    aggregation: Aggregation | None
    inputs: tuple[str, ...]
    outputs: tuple[DecisionOutput, ...]
    rules: tuple[DecisionRule, ...]

    def answers(self, key: str) -> tuple[Value, ...]:
        """Every value an output can take, the default one included; () for a table without this output."""
        for column, output in enumerate(self.outputs):
            if output.key == key:
                values = (output.default, *(rule.outputs[column] for rule in self.rules))
                return tuple(value for value in values if value is not None)
        return ()
