"""How events become JSON."""

from collections.abc import Mapping

from kniga.engine.state_format.values import dump_values
from kniga.rules import Value, write_value

Payload = dict[str, object]


def plain(values: Mapping[str, Value]) -> dict[str, object]:
    """Values as people write them; their types are known from the definition."""
    return {key: write_value(value) for key, value in values.items()}


def with_looked_at(payload: Payload, looked_at: Mapping[str, Value] | None) -> Payload:
    """Add the fields that decided something in the step, with their types, if any did."""
    if looked_at:
        payload["looked_at"] = dump_values(looked_at)
    return payload
