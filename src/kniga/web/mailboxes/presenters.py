"""What became of a letter, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _


def kind_words(kind: str) -> str:
    """What a letter is, where no person wrote it to us; "" for the others."""
    return {
        "auto": _("Answer of a machine"),
        "bounce": _("A letter of ours did not arrive"),
        "own": _("Sent by Kniga"),
    }.get(kind, "")


def why_words(why: str) -> str:
    """Why a letter has found no deal; "" where there is nothing to say."""
    return {
        "stranger": _("Nobody knows this address, and the mailbox begins no deal by itself."),
        "no_deal": _("The client has no open deal, and the mailbox begins none by itself."),
        "many_clients": _("Several clients have this address."),
        "many_deals": _("The client has several open deals."),
        "colleague": _("A colleague wrote it."),
        "broken": _("The letter is damaged: not all of it could be read."),
        "not_given": _("The server did not give the letter out. Look for it in the mailbox itself."),
        "forged": _("The mail server found that it is not from whom it says: look at it before you believe it."),
        "owner_gone": _("Whom the mailbox names for letters of strangers works no deals any more."),
        "flood": _("So many strangers write in this hour that no more deals are begun by themselves."),
        "refused": _("A deal could not be begun with it."),
        "inside": _("Something broke on our side; the log says what it was."),
    }.get(why, "")
