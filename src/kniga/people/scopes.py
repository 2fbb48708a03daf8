"""What a key of the REST API may be allowed to do; visibility and role of its user hold besides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _

from kniga.platform.errors import Refused

SCOPES: Final[tuple[str, ...]] = (
    "clients:read",
    "clients:write",
    "products:read",
    "products:write",
    "deals:read",
    "deals:write",
    "tasks:read",
    "tasks:write",
    "processes:read",
    "processes:write",
    "funnel:read",
    "imports:read",
    "imports:write",
    "users:read",
)
READ_SCOPES: Final = tuple(scope for scope in SCOPES if scope.endswith(":read"))


def checked_scopes(wanted: Iterable[str]) -> list[str]:
    """The scopes in their order, once each; "all" and "read" stand for groups.

    Raises Refused `scope_unknown`, `scopes_missing`."""
    given = set(wanted)
    if "all" in given:
        given = (given - {"all"}) | set(SCOPES)
    if "read" in given:
        given = (given - {"read"}) | set(READ_SCOPES)
    unknown = sorted(given - set(SCOPES))
    if unknown:
        message = _("There is no scope “%(scope)s”. Choose from: %(known)s.")
        raise Refused("scope_unknown", message % {"scope": unknown[0], "known": ", ".join(SCOPES)}, field="scopes")
    if not given:
        raise Refused("scopes_missing", _("Choose at least one scope."), field="scopes")
    return [scope for scope in SCOPES if scope in given]
