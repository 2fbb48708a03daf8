"""The engine's rejections in the words of the person who reads them."""

from __future__ import annotations

from collections.abc import Mapping

from kniga.engine import Rejection
from kniga.engine.runtime.results import MESSAGES
from kniga.platform.errors import Conflict, Refused
from kniga.platform.said import said as _


def refusal_of(rejection: Rejection) -> Refused:
    """A rejection as a refusal: translated, and placed on the question it is about."""
    params = {**rejection.params, "detail": _(rejection.params.get("detail", ""))}
    if rejection.code in {"task_not_open", "not_running", "timer_not_set", "condition_not_awaited"}:
        return Conflict(rejection.code, _("This task is no longer open: the deal moved on without it."))
    field = params.get("question")
    messages = {
        "missing_answer": _("Answer the question “%(label)s”: the sales book demands it for this outcome."),
        "bad_answer": _("Check the answer to “%(label)s”: %(detail)s."),
        "unknown_outcome": _("This step has no outcome “%(outcome)s”."),
        "unknown_answer": _("This step does not ask for “%(question)s”."),
        "no_flow": _("The sales book says no way on from here. Tell the head of sales."),
        "unknown_element": _("The process has no step “%(element)s”."),
        "bad_field": _("A condition cannot be decided: %(detail)s."),
        "bad_payload": _("The value of “%(key)s” is not accepted: %(detail)s."),
        "uncaught_error": _("Nothing in the process handles the error “%(error)s” of %(element)s."),
        "decision_not_unique": _("Several rows of the decision %(table)s hold at once: %(rows)s."),
        "no_decision": _("No row of the decision %(table)s holds."),
        "too_many_items": _("%(element)s would be done %(count)s times; at most %(limit)s are possible."),
        "stranded": _(
            "Sent to this step, the deal would wait for ever at “%(join)s”, where branches meet: send it to a step"
            " before the branches part, or behind where they meet."
        ),
        "move_strands": _(
            "Moved like this, the deal would wait for ever at “%(join)s”, where branches meet: send it to a step before"
            " the branches part, or behind where they meet, first."
        ),
        "nothing_else": _(
            "The process waits for nothing else here, so it cannot go on without it. Cure what is said above and try"
            " again, or send the deal to another step."
        ),
        "endless_loop": _("The process goes round at %(element)s without coming to rest."),
    }
    template = messages.get(rejection.code)
    text = rejection.message if template is None else template % params
    return Refused(
        rejection.code,
        text,
        field=field or ("outcome" if rejection.code == "unknown_outcome" else None),
        also=tuple(refusal_of(other) for other in rejection.also),
    )


def rejection_in_words(code: str, params: Mapping[str, str] | None) -> str:
    """What a rejection that was kept by its code and params says, in the present language; "" if it was kept without,
    or says nothing this version of the engine knows."""
    if params is None or code not in MESSAGES:
        return ""
    try:
        return refusal_of(Rejection(code, params)).message
    except KeyError:  # kept by a version that filled in other values
        return ""
