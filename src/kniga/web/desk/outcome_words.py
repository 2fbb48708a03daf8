"""What is said of a step just finished."""

from __future__ import annotations

from django.utils.translation import gettext as _

from kniga.engine.bpmn.questions import PLAIN_OUTCOME


def done_words(step: str, outcome: str) -> str:
    """What is said of a step just finished. The plain outcome tells nothing that “Done” has not told."""
    if outcome == PLAIN_OUTCOME.label:
        return _("Done: %(task)s") % {"task": step}
    return _("Done: %(task)s — %(outcome)s") % {"task": step, "outcome": outcome}
