"""What ``advance`` gives back: a step forward or a polite refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kniga.engine.runtime.effects import Effect
from kniga.engine.runtime.events import Event
from kniga.engine.runtime.state import State

# code: message template. A user interface may translate these and fill in Rejection.params.
MESSAGES: Mapping[str, str] = {
    "already_started": "The process has been started already.",
    "not_running": "The process is not running, it is {status}.",
    "unknown_element": "The process has no step “{element}” to enter at.",
    "task_not_open": "The task {token} is not open.",
    "unknown_outcome": "The step {element} has no outcome “{outcome}”.",
    "missing_answer": "The question “{label}” must be answered.",
    "bad_answer": "The answer to “{label}” is not accepted: {detail}.",
    "unknown_answer": "The step {element} does not ask for “{question}”.",
    "no_flow": "No way leads on from {element}.",
    "bad_field": "A condition cannot be decided: {detail}.",
    "timer_not_set": "The timer {timer} is not set on the task {token}.",
    "message_not_awaited": "{event} of {token} waits for no message.",
    "signal_not_awaited": "{event} of {token} waits for no signal.",
    "condition_not_awaited": "{event} of {token} waits for no condition.",
    "nothing_else": "The process waits at {element} for nothing else: it cannot go on without it.",
    "work_not_open": "There is no work to report on at {token}.",
    "bad_payload": "The value of “{key}” is not accepted: {detail}.",
    "uncaught_error": "Nothing in the process handles the error “{error}” of {element}.",
    "decision_not_unique": "Several rows of the decision {table} hold at once: {rows}.",
    "no_decision": "No row of the decision {table} holds.",
    "too_many_items": "{element} would be done {count} times; at most {limit} are possible.",
    "endless_loop": "The process goes round at {element} without coming to rest.",
    "stranded": "Sent to {element} alone, the process would wait for ever at {join}, where branches meet: send all of "
    "it to a step before its branches part, or behind where they meet.",
    "move_strands": "Moved like this, the process would wait for ever at {join}, where branches meet.",
    "cannot_migrate": "{element} cannot go on as {to}: {detail}.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """The command was carried out: the new state, what happened, and what the shell has to do."""

    state: State
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """The command was refused and nothing has changed. ``params`` fill the message of the ``code``:
    missing_answer and bad_answer carry the question's key as ``question``, and ``also`` the other answers
    that are refused, so that a person is told of all of them at once. ``condition`` is the conditional event (its token
    and id) that had come when the process could not go on, if it was waited for before the command."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    also: tuple["Rejection", ...] = ()
    condition: tuple[int, str] | None = None

    @property
    def message(self) -> str:
        """Why, in English."""
        return MESSAGES[self.code].format_map(self.params)


class Refused(Exception):
    """Carries a rejection out of the depth of a walk; never leaves the engine."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.rejection = Rejection(code, params)

    @classmethod
    def all_of(cls, found: Sequence["Refused"]) -> "Refused":
        """The first of several refusals, carrying the others."""
        first, *others = found
        refused = cls(first.rejection.code)
        also = tuple(other.rejection for other in others)
        refused.rejection = Rejection(first.rejection.code, first.rejection.params, also)
        return refused
