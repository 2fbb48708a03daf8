"""The engine's rejections in the words of the person who reads them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from kniga.engine import Rejection
from kniga.platform.errors import Conflict, Refused


def refusal_of(rejection: Rejection) -> Refused:
    """A rejection as a refusal: translated, and placed on the question it is about."""
    params = {**rejection.params, "detail": _(rejection.params.get("detail", ""))}
    if rejection.code in {"task_not_open", "not_running", "timer_not_set"}:
        return Conflict(rejection.code, _("This task is no longer open: the deal moved on without it."))
    field = params.get("question")
    messages = {
        "missing_answer": _("Answer the question “%(label)s”: the sales book demands it for this outcome."),
        "bad_answer": _("Check the answer to “%(label)s”: %(detail)s."),
        "unknown_outcome": _("This step has no outcome “%(outcome)s”."),
        "unknown_answer": _("This step does not ask for “%(question)s”."),
        "no_flow": _("The sales book says no way on from here. Tell the head of sales."),
        "unknown_element": _("The process has no step “%(element)s”."),
    }
    template = messages.get(rejection.code)
    text = rejection.message if template is None else template % params
    return Refused(
        rejection.code,
        text,
        field=field or ("outcome" if rejection.code == "unknown_outcome" else None),
        also=tuple(refusal_of(other) for other in rejection.also),
    )
