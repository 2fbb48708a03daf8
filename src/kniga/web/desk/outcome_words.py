"""Outcomes as people read them: a step without outcomes of its own ends with “Done”, in the language of the page."""

from __future__ import annotations

from django.utils.translation import gettext as _

from kniga.engine.bpmn.questions import PLAIN_OUTCOME


def outcome_word(label: str) -> str:
    """The label of an outcome; the book's own words stay as they are."""
    return _("Done") if label == PLAIN_OUTCOME.label else label


def done_words(step: str, outcome: str) -> str:
    """What is said of a step just finished. The plain outcome tells nothing that “Done” has not told."""
    if outcome == PLAIN_OUTCOME.label:
        return _("Done: %(task)s") % {"task": step}
    return _("Done: %(task)s — %(outcome)s") % {"task": step, "outcome": outcome}
