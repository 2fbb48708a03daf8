"""States and ends of deviations, in the language of the page."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def state_names() -> dict[str, str]:
    """What the states are called; "" is all that is not closed."""
    return {
        "": _("Live"),
        "open": _("Not taken up"),
        "acknowledged": _("Taken up"),
        "closed": pgettext("deviations", "Closed"),
    }


def end_names() -> dict[str, str]:
    """How deviations end."""
    return {
        "cured": _("Cured"),
        "over": _("The step is over otherwise"),
        "by_hand": _("Closed by hand"),
        "moved": _("The version the deal was moved to does not ask for it"),
        "undone": _("The move to another version was undone"),
    }
