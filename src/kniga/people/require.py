"""The refusal of an act a role may not do."""

from __future__ import annotations

from django.utils.translation import gettext as _

from kniga.people.models import User
from kniga.people.permissions import Act, may
from kniga.platform.errors import Refused


def require(user: User, act: Act) -> None:
    """Raises Refused `not_allowed` unless the role of `user` may do `act`."""
    if not may(user, act):
        raise Refused("not_allowed", _("Your role may not do this. Ask the head of sales."))
