"""Acts on many deals in words: what they do, how far they are, why something cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kniga.processes.acts.mapping import Proposal
from kniga.processes.running.refusals import rejection_in_words
from kniga.web.formatting import number as number_text


def act_names() -> dict[str, str]:
    """Kinds of acts."""
    return {
        "move": _("Move to another version"),
        "cancel": _("Stop"),
        "suspend": _("Pause"),
        "resume": _("Resume"),
        "send": _("Send to a step"),
        "start": _("Start for deals that run nothing"),
    }


def act_on(kind: str, number: int) -> str:
    """What a button says that does an act of this kind with so many deals."""
    words = {
        "move": ngettext("Move %(num)s deal", "Move %(num)s deals", number),
        "cancel": ngettext("Stop %(num)s deal", "Stop %(num)s deals", number),
        "suspend": ngettext("Pause %(num)s deal", "Pause %(num)s deals", number),
        "resume": ngettext("Resume %(num)s deal", "Resume %(num)s deals", number),
        "send": ngettext("Send %(num)s deal to the step", "Send %(num)s deals to the step", number),
        "start": ngettext("Start for %(num)s deal", "Start for %(num)s deals", number),
    }
    return words[kind] % {"num": number_text(number)}


def act_statuses() -> dict[str, str]:
    """How far an act is."""
    return {
        "preparing": _("Being looked through: nothing is done yet"),
        "planned": _("Being prepared: nothing is done yet"),
        "running": _("Being carried out"),
        "done": _("Carried out"),
        "undoing": _("Being undone"),
        "undone": _("Taken back"),
    }


def row_statuses() -> dict[str, tuple[str, str]]:
    """What would become or became of a deal: words and tone."""
    return {
        "untried": (_("Not looked at yet"), "neutral"),
        "fits": (_("Fits"), "good"),
        "choice": (_("Needs a choice"), "warn"),
        "cannot": (_("Cannot"), "bad"),
        "done": (_("Done"), "good"),
        "refused": (_("Not done"), "bad"),
        "undone": (_("Taken back"), "neutral"),
        "kept": (_("Not undone"), "warn"),
    }


def how_proposed(proposal: Proposal, target: str | None) -> str:
    """Where a counterpart comes from, and how sure it is."""
    if target and target != proposal.target:
        return _("chosen by a person")
    words = {
        "same": _("the same element"),
        "name": _("the same name"),
        "similar": _("the most similar: %(percent)d %%"),
        "split": _("several are similar: was it split?"),
        "gone": _("nothing similar: was it removed?"),
    }
    return words[proposal.how] % {"percent": round(proposal.confidence * 100)}


def why_in_words(why: Mapping[str, Any] | None, names: Mapping[str, str]) -> str:
    """What speaks against an instance; `names` are those of elements."""
    if why is None:
        return ""
    code = str(why["code"])
    if code == "no_target":
        steps = ", ".join(names.get(element, element) for element in why["elements"])
        return _("Say where this goes: %(steps)s") % {"steps": steps}
    if code == "cannot_migrate":
        params = why["params"]
        detail = params["detail"]
        told = _("the way it waits on does not lead there") if detail.startswith("the flow") else _(detail)
        values = {"element": names.get(params["element"], params["element"]), "why": told}
        text = _("“%(element)s” cannot go over: %(why)s. Send these deals to a step first.")
        return text % values
    known = {
        "not_running": _("The process does not run, or is already as it should be."),
        "other_version": _("The deal is on another version by now."),
        "moved_on": _("The deal has gone on since."),
        "final": _("The deal was closed or changed by it."),
        "called": _("Another process called this one and has gone on."),
        "deal_closed": _("The deal is closed."),
        "other_process": _("The deal runs another process by now."),
        "work_done": _("The machine has begun its work since."),
        "called_stopped": _("A process it had called was stopped by it."),
        "message_read": _("A message that was sent has been read."),
        "already_running": _("The deal runs a process by now."),
        "not_seen": _("Whoever did this no longer sees the deal."),
        "busy": _("Somebody else was working on this deal. Try again."),
        "unknown_element": _("The version this deal is on has no such step."),
    }
    return known.get(code) or rejection_in_words(code, why.get("params")) or str(why.get("text") or code)


def migration_words() -> tuple[str, ...]:
    """What the engine says against a move, so that translators find it."""
    return (
        _("there is no such element"),
        _("it is another kind of element"),
        _("it is repeated in another way"),
        _("it stands in another sub-process"),
        _("another branch stands there"),
        _("another branch would do the same steps"),
    )
