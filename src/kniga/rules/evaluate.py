"""Conditions evaluated in Python, over the values of one record."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from kniga.rules.ast import Rule
from kniga.rules.compiled import Predicate, compiled
from kniga.rules.fields import Value
from kniga.rules.relative import resolve


def compile_rule(rule: Rule, *, now: datetime | None = None, zone: tzinfo | None = None) -> Predicate:
    """Compile a condition to a function of the values of a record, for many records at one moment.

    ``now`` and ``zone`` as in ``resolve``. Raises BadValue like it; the function raises BadValue if a value is
    not of the type the condition was written for.
    """
    kept: Predicate | None = getattr(rule, "_compiled", None)
    if kept is not None:
        return kept
    still = resolve(rule, now, zone)
    made = compiled(still)
    if still is rule:
        object.__setattr__(rule, "_compiled", made)
    return made


def evaluate(
    rule: Rule, values: Mapping[str, Value], *, now: datetime | None = None, zone: tzinfo | None = None
) -> bool | None:
    """Whether a record meets a condition: True, False, or None for unknown (see ``ast``).

    ``values`` maps field keys to typed values; a missing key is unknown. ``now`` (aware) is needed by conditions
    with relative dates only; ``zone`` says where days begin and is that of ``now`` if not given. Raises BadValue if
    a value is not of the type the condition was written for, or ``now`` is needed and missing.
    """
    return compile_rule(rule, now=now, zone=zone)(values)


def holds(rule: Rule, values: Mapping[str, Value], *, now: datetime | None = None, zone: tzinfo | None = None) -> bool:
    """Whether a condition is surely true: unknown counts as no. Raises BadValue like ``evaluate``."""
    return compile_rule(rule, now=now, zone=zone)(values) is True
