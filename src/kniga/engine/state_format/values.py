"""Values as JSON so that their type survives: decimals, dates and moments are tagged."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kniga.rules import Value


def dump_value(value: Value) -> Any:
    """Write one value so that its type survives: decimals, dates and datetimes are tagged."""
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return list(value) if isinstance(value, tuple) else value


def load_value(data: Any) -> Value:
    """Read one value written by ``dump_value``. Raises ValueError, TypeError or ArithmeticError."""
    if isinstance(data, list):
        ids = tuple(item for item in data if isinstance(item, int))  # of records
        if data and len(ids) == len(data):
            return ids
        return tuple(str(item) for item in data)
    if not isinstance(data, dict):
        if data is None or isinstance(data, (str, int, bool)):
            return data
        raise TypeError(f"{data!r} is no value")
    ((tag, text),) = data.items()
    if tag == "decimal":
        return Decimal(text)
    if tag == "datetime":
        return datetime.fromisoformat(text)
    if tag == "date":
        return date.fromisoformat(text)
    raise ValueError(f"the tag {tag} is not known")


def dump_values(values: Mapping[str, Value]) -> dict[str, Any]:
    """Write values by their keys."""
    return {key: dump_value(value) for key, value in values.items()}


def load_values(data: Mapping[str, Any]) -> dict[str, Value]:
    """Read values by their keys; raises like ``load_value``."""
    return {key: load_value(value) for key, value in data.items()}
