"""Whether a letter with a link may be sent, and from which address of ours its link may lead back."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.translation import gettext as _

# A forged one of these leads the reader to their own machine, which harms nobody.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def why_no_letter(request: HttpRequest) -> str:
    """Why no reset letter can be sent on this request; "" if it can.

    Its link leads to the host the request names, so this must be a host somebody has set up: with any host
    allowed, whoever asks for a letter would choose where its link leads.
    """
    if not settings.EMAIL_HOST:
        return _("No mail is set up here, so no letter can come. Ask your administrator for a new password.")
    if not is_known_host(request):
        return _(
            "Letters are sent only from the address Kniga was set up for, and this is another one. "
            "Ask your administrator for a new password."
        )
    return ""


def is_known_host(request: HttpRequest) -> bool:
    """Whether the request came by a name that was set up (KNIGA_HOSTS), the address listened on, or this machine."""
    if "*" not in settings.ALLOWED_HOSTS:
        # Django has compared the name already.
        return True
    name, _port = split_domain_port(request.get_host())
    return name in _LOOPBACK or name in {settings.LISTENING_HOST, f"[{settings.LISTENING_HOST}]"}
