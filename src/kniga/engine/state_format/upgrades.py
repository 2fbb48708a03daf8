"""How a stored state of an older format becomes one of the next: one function per version, never changed again."""

from collections.abc import Callable, Mapping
from typing import Any

Stored = dict[str, Any]


def from_1_to_2(data: Mapping[str, Any]) -> Stored:
    """Format 2 knows more kinds of tokens, and what of the process's own handlers has fired for good. Tokens of
    format 1 were all open tasks of the process itself, which format 2 writes in the same way."""
    return {**data, "format": 2, "fired": []}


UPGRADES: Mapping[int, Callable[[Mapping[str, Any]], Stored]] = {1: from_1_to_2}
"""By the format a function reads; it gives the one after."""
