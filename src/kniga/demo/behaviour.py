"""How people of the department work a step: what comes of it, what they write down, how long they take.

Outcomes have weights; a rep's skill and a client's liking raise the good ones, and what was tried before lowers
the ones that only put things off, so that every deal comes to an end. A step of another book is judged by the
tones of its outcomes alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from kniga.demo.words import Words
from kniga.engine import Outcome, Question, UserTask

WEIGHTS: Final[dict[str, dict[str, float]]] = {
    "task_prepare": {"ready": 0.93, "not_our_client": 0.07},
    "task_cold_call": {"agreed": 0.36, "call_later": 0.24, "no_answer": 0.28, "refused": 0.12},
    "task_call_again": {"agreed": 0.34, "no_answer": 0.30, "call_later": 0.20, "give_up": 0.16},
    "task_needs": {"needs_clear": 0.58, "postponed": 0.28, "no_need": 0.14},
    "task_proposal": {"ready": 0.95, "withdrawn": 0.05},
    "task_approve": {"approved": 0.78, "revise": 0.22},
    "task_present": {"agreed": 0.24, "objections": 0.32, "revise": 0.12, "thinking": 0.28, "refused": 0.08},
    "task_follow_up": {"agreed": 0.26, "objections": 0.20, "revise": 0.08, "thinking": 0.32, "refused": 0.16},
    "task_objections": {"removed": 0.40, "new_terms": 0.14, "thinking": 0.20, "refused": 0.24},
    "task_contract": {"signed": 0.60, "changes": 0.28, "objections": 0.04, "refused": 0.08},
    "task_payment": {"paid": 0.66, "not_yet": 0.30, "cancelled": 0.04},
    "task_answer": {"talked": 0.70, "no_answer": 0.21, "not_a_client": 0.09},
    "task_answer_again": {"talked": 0.50, "no_answer": 0.25, "give_up": 0.25},
    "task_qualify": {"fits": 0.55, "later": 0.30, "refused": 0.15},
    "task_offer": {"accepted": 0.30, "thinking": 0.34, "revise": 0.12, "refused": 0.24},
    "task_decision": {"accepted": 0.36, "thinking": 0.34, "revise": 0.08, "refused": 0.22},
}
BY_TONE: Final = {"primary": 0.6, "positive": 0.6, "neutral": 0.25, "negative": 0.15}
GOOD_TONES: Final = frozenset({"positive"})
LOSSES: Final = {
    "price": 30, "competitor": 20, "no_need": 14, "no_budget": 12, "bad_timing": 11, "terms": 6, "no_answer": 4,
    "other": 3,
}  # fmt: skip
EARLY_LOSSES: Final = {"no_need": 38, "bad_timing": 22, "competitor": 16, "no_budget": 12, "no_answer": 9, "other": 3}
MINUTES: Final = {"call": (6, 25), "meeting": (40, 90), "mail": (8, 20), "document": (30, 80), "task": (8, 25)}
DISCOUNTS: Final = ("0", "0", "0", "3", "5", "5", "7", "10", "12")
_PAST_DATES: Final = frozenset({"signed_date", "paid_date"})
_PUT_OFF: Final = 0.8


def choose_outcome(step: UserTask, *, skill: float, liking: float, times: int, dice: Random) -> Outcome:
    """What comes of a step that is done for the `times`-th time (from 0); `liking` is about 1."""
    known = WEIGHTS.get(step.id, {})
    weights = []
    for outcome in step.outcomes:
        weight = known.get(outcome.key, 0.0 if known else BY_TONE[outcome.tone])
        if outcome.tone in GOOD_TONES:
            weight *= skill * liking
        elif outcome.tone == "neutral":
            weight *= _PUT_OFF**times
        elif outcome.tone == "negative" and step.id == "task_approve":
            weight *= _PUT_OFF ** (2 * times)
        weights.append(weight)
    return dice.choices(step.outcomes, weights)[0]


def answer_questions(
    step: UserTask, outcome: Outcome, *, amount: Decimal, now: datetime, words: Words, dice: Random
) -> dict[str, object]:
    """The answers the book demands for an outcome, and now and then one it does not demand."""
    answers: dict[str, object] = {}
    for question in step.questions:
        demanded = question.required or outcome.key in question.required_for
        # A reason for losing is given only where a deal is lost.
        volunteered = question.key != "loss_reason" and outcome.tone != "negative" and dice.random() < 0.35
        if demanded or volunteered:
            answers[question.key] = _answer(question, outcome, step.stage, amount, now, words, dice)
    return answers


def working_minutes(kind: str, skill: float, dice: Random) -> int:
    """How long a task of a kind takes somebody."""
    least, most = MINUTES.get(kind, MINUTES["task"])
    return max(3, round(dice.randint(least, most) / (0.6 + 0.4 * skill)))


def _answer(
    question: Question, outcome: Outcome, stage: str | None, amount: Decimal, now: datetime, words: Words, dice: Random
) -> object:
    if question.type in {"choice", "multi_choice"}:
        chosen = _choice(question, outcome, stage, dice)
        return chosen if question.type == "choice" else [chosen]
    if question.type == "money":
        share = Decimal(dice.randint(94, 104)) / 100 if question.key == "budget_amount" else Decimal(1)
        worth = amount or Decimal(10_000 * dice.randint(8, 90))  # a request comes without an amount
        return str((worth * share).quantize(Decimal("0.01")))
    if question.type == "number":
        return dice.choice(DISCOUNTS)
    if question.type == "boolean":
        return dice.random() < 0.5
    if question.type in {"date", "datetime"}:
        days = 0 if question.key in _PAST_DATES else dice.randint(2, 14)
        moment = now + timedelta(days=days)
        return moment.date().isoformat() if question.type == "date" else moment.isoformat()
    return _text(question, words.answers, dice)


def _choice(question: Question, outcome: Outcome, stage: str | None, dice: Random) -> str:
    keys = [choice.key for choice in question.choices]
    if question.key != "loss_reason":
        return dice.choice(keys)
    if outcome.key == "give_up" and "no_answer" in keys:
        return "no_answer"
    early = stage in {"lead", "contact", "needs", "request", "qualify"}
    weights: Mapping[str, int] = EARLY_LOSSES if early else LOSSES
    return dice.choices(keys, [weights.get(key, 1) for key in keys])[0]


def _text(question: Question, texts: Mapping[str, Sequence[str]], dice: Random) -> str:
    text = dice.choice(texts.get(question.key) or texts[""])
    return text.format(dice.randint(1, 9999)) if "{" in text else text
