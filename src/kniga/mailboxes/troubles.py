"""What is wrong with a mailbox, in words, and what cures it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Trouble:
    """A cause and its cure."""

    cause: str | Promise
    cure: str | Promise


TROUBLES: Final[dict[str, Trouble]] = {
    "host": Trouble(
        _("There is no such server."), _("Look at the server's name; providers often call it imap.example.com.")
    ),
    "connect": Trouble(
        _("The server does not answer at this port."),
        _("Usual are 993 with TLS and 143 with STARTTLS. A firewall between here and there may be in the way."),
    ),
    "tls": Trouble(_("The server does not speak TLS at this port."), _("Try port 993, or STARTTLS with port 143.")),
    "certificate": Trouble(
        _("The server's certificate is not valid for this name."),
        _("Enter the server by the name its certificate has, or have the certificate renewed."),
    ),
    "starttls": Trouble(_("The server offers no STARTTLS."), _("Choose TLS with port 993.")),
    "login": Trouble(
        _("The server does not accept user and password."),
        _("Many providers want a password for programs, made in the settings of the account, and IMAP switched on."),
    ),
    "folder": Trouble(_("There is no such folder, or it may not be opened."), _("INBOX is where new letters come.")),
    "no_uids": Trouble(
        _("The server does not number its letters for good (UIDVALIDITY)."), _("Use another folder or server.")
    ),
    "search": Trouble(_("The server cannot search the folder."), _("Tell the administrator of the mail server.")),
    "fetch": Trouble(_("The server does not give out a letter."), _("Tell the administrator of the mail server.")),
    "broken_off": Trouble(_("The connection broke off."), _("It is tried again by itself.")),
    "sealed": Trouble(
        _("The password cannot be opened: the installation's key has changed."), _("Enter the password again.")
    ),
    "inside": Trouble(_("Something broke on our side."), _("It is tried again by itself; the log says what it was.")),
}

UNFIT: Final[dict[str, Trouble]] = {
    "closed": Trouble(
        _("Whom the mailbox names for letters of strangers works no deals any more."), _("Choose somebody else.")
    ),
    "process": Trouble(
        _("The process that letters of strangers begin is not in force."), _("Publish it, or choose another one.")
    ),
    "branch": Trouble(
        _("The process belongs to another branch than whom the mailbox names."),
        _("Choose somebody of its branch, or another process."),
    ),
}
"""Why letters of strangers begin no deal though the mailbox is read."""


def trouble_of(code: str) -> Trouble:
    """The words for a code of MailTrouble; those of "inside" for one nobody knows."""
    return TROUBLES.get(code, TROUBLES["inside"])
