"""Why a record meets a condition or does not, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from kniga.rules.ast import And, Comparison, Not, Or, Rule, fields_in
from kniga.rules.evaluate import evaluate
from kniga.rules.fields import FieldRegistry, FieldType, Value, is_blank
from kniga.rules.operands import OtherField
from kniga.rules.sentence import label_of, rule_to_sentence, say
from kniga.rules.shown import Language, show_value

_OPPOSITE = {
    "eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "in": "not_in", "not_in": "in",
    "contains": "not_contains", "not_contains": "contains", "any_of": "none_of", "none_of": "any_of",
    "within": "not_within", "not_within": "within", "is_known": "is_unknown", "is_unknown": "is_known",
    "between": "not_between", "starts_with": "not_starts_with", "ends_with": "not_ends_with", "all_of": "not_all_of",
}  # fmt: skip

# What is said behind the value a record has: "Amount is 40,000, not more than 100,000".
_TAILS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "lt": "less than {value}",
        "ge": "not less than {value}",
        "gt": "more than {value}",
        "le": "not more than {value}",
        "date_lt": "before {value}",
        "date_ge": "not before {value}",
        "date_gt": "after {value}",
        "date_le": "not after {value}",
        "between": "from {low} to {high}",
        "not_between": "not from {low} to {high}",
        "ne": "not {value}",
        "field_eq": "the same as {value}",
        "field_ne": "not the same as {value}",
        "in": "one of: {value}",
        "not_in": "none of: {value}",
        "contains": "which contains {value}",
        "not_contains": "which does not contain {value}",
        "starts_with": "which starts with {value}",
        "not_starts_with": "which does not start with {value}",
        "ends_with": "which ends with {value}",
        "not_ends_with": "which does not end with {value}",
        "any_of": "among them one of: {value}",
        "none_of": "among them none of: {value}",
        "all_of": "among them all of: {value}",
        "not_all_of": "among them not all of: {value}",
        "many_contains": "among them {value}",
        "many_not_contains": "among them no {value}",
        "within": "that is {value}",
        "not_within": "not {value}",
    },
    "ru": {
        "lt": "меньше {value}",
        "ge": "не меньше {value}",
        "gt": "больше {value}",
        "le": "не больше {value}",
        "date_lt": "раньше {value}",
        "date_ge": "не раньше {value}",
        "date_gt": "позже {value}",
        "date_le": "не позже {value}",
        "moving_lt": "раньше, чем {value}",
        "moving_ge": "не раньше, чем {value}",
        "moving_gt": "позже, чем {value}",
        "moving_le": "не позже, чем {value}",
        "between": "в пределах от {low} до {high}",
        "not_between": "не в пределах от {low} до {high}",
        "date_between": "с {low} по {high}",
        "date_not_between": "не с {low} по {high}",
        "moving_between": "не раньше, чем {low}, и не позже, чем {high}",
        "moving_not_between": "раньше, чем {low}, или позже, чем {high}",
        "ne": "не {value}",
        "field_eq": "совпадает с полем «{value}»",
        "field_ne": "не совпадает с полем «{value}»",
        "field_lt": "меньше, чем {value}",
        "field_ge": "не меньше, чем {value}",
        "field_gt": "больше, чем {value}",
        "field_le": "не больше, чем {value}",
        "in": "одно из значений {value}",
        "not_in": "ни одно из значений {value}",
        "contains": "содержит {value}",
        "not_contains": "не содержит {value}",
        "starts_with": "начинается с {value}",
        "not_starts_with": "не начинается с {value}",
        "ends_with": "заканчивается на {value}",
        "not_ends_with": "не заканчивается на {value}",
        "any_of": "среди них есть одно из значений {value}",
        "none_of": "среди них нет ни одного из значений {value}",
        "all_of": "среди них есть все значения {value}",
        "not_all_of": "среди них есть не все значения {value}",
        "many_contains": "среди них есть {value}",
        "many_not_contains": "среди них нет {value}",
        "within": "это {value}",
        "not_within": "не {value}",
    },
}
_FRAMES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "true": "Yes, because {reasons}.",
        "false": "No, because {reasons}.",
        "unknown": "Not known, because {reasons}.",
        "is": "{field} is {value}",
        "many": "{field} are {value}",
        "known": "{field} is known: {value}",
        "blank": "{field} is not known",
        "always": "the condition always holds",
        "never": "the condition never holds",
    },
    "ru": {
        "true": "Да, потому что {reasons}.",
        "false": "Нет, потому что {reasons}.",
        "unknown": "Неизвестно, потому что {reasons}.",
        "is": "{field} — {value}",
        "many": "{field} — {value}",
        "known": "{field}: известно, {value}",
        "blank": "{field}: неизвестно",
        "always": "условие выполняется всегда",
        "never": "условие не выполняется никогда",
    },
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why ``rule`` has its ``verdict`` for a record. ``says`` is the rule in words; ``because`` are the terms that
    make the verdict: of an *and* all if it is true, the false ones if it is false, the unknown ones if it is
    unknown; of an *or* the other way round. ``reason`` is told of a comparison or a group without terms and is
    empty elsewhere; ``sentence`` tells all reasons below: "No, because Amount is 40,000, not more than 100,000."
    """

    rule: Rule
    verdict: bool | None
    says: str
    reason: str
    sentence: str
    because: tuple["Explanation", ...] = ()

    def leaves(self) -> Iterator["Explanation"]:
        """The comparisons (and empty groups) that decide, from left to right."""
        if not self.because:
            yield self
        for term in self.because:
            yield from term.leaves()


@dataclass(frozen=True, slots=True)
class _Reader:
    values: Mapping[str, Value]
    fields: FieldRegistry
    language: Language
    now: datetime | None
    zone: tzinfo | None


def explain(
    rule: Rule,
    values: Mapping[str, Value],
    fields: FieldRegistry,
    language: Language,
    *,
    now: datetime | None = None,
    zone: tzinfo | None = None,
) -> Explanation:
    """Tell why a record meets a condition, does not, or is not known to. ``fields`` give the labels; ``now`` and
    ``zone`` as in ``evaluate``, whose verdict this is. Raises BadValue like it."""
    return _explained(rule, _Reader(values, fields, language, now, zone or (now.tzinfo if now else None)))


def _explained(rule: Rule, reader: _Reader) -> Explanation:
    verdict = evaluate(rule, reader.values, now=reader.now, zone=reader.zone)
    says = rule_to_sentence(rule, reader.fields, reader.language, zone=reader.zone)
    because: tuple[Explanation, ...] = ()
    if isinstance(rule, Comparison):
        reason = _told(rule, verdict, reader)
    else:
        because = _deciding(rule, verdict, reader)
        reason = "" if because else _FRAMES[reader.language]["always" if isinstance(rule, And) else "never"]
    leaves = [leaf.reason for term in because for leaf in term.leaves()] or [reason]
    word = "unknown" if verdict is None else "true" if verdict else "false"
    sentence = _FRAMES[reader.language][word].format(reasons="; ".join(dict.fromkeys(leaves)))
    return Explanation(rule, verdict, says, reason, sentence, because)


def _deciding(rule: And | Or | Not, verdict: bool | None, reader: _Reader) -> tuple[Explanation, ...]:
    if isinstance(rule, Not):
        return (_explained(rule.term, reader),)
    terms = tuple(_explained(term, reader) for term in rule.terms)
    return tuple(term for term in terms if term.verdict is verdict)


def _told(rule: Comparison, verdict: bool | None, reader: _Reader) -> str:
    """What a record has, set against what a comparison asks for."""
    frames, language = _FRAMES[reader.language], reader.language
    blank = [key for key in fields_in(rule) if is_blank(reader.values.get(key))]
    if blank:
        return "; ".join(
            frames["blank"].format(field=label_of(key, reader.fields, language)) for key in dict.fromkeys(blank)
        )
    actual = reader.values[rule.field]
    shown = _show(actual, rule.field, rule.type, reader)
    frame = "known" if rule.op in ("is_known", "is_unknown") else "many" if isinstance(actual, tuple) else "is"
    told = frames[frame].format(field=label_of(rule.field, reader.fields, language), value=shown)
    tail = _tail(rule, _OPPOSITE[rule.op] if verdict is False else rule.op, reader)
    return f"{told}, {tail}" if tail else told


def _tail(rule: Comparison, op: str, reader: _Reader) -> str:
    other = rule.value
    if op in ("is_known", "is_unknown") or (op == "eq" and not isinstance(other, OtherField)):
        return ""
    said = say(rule, _TAILS[reader.language], reader.fields, reader.language, reader.zone, op)
    if isinstance(other, OtherField):
        said += f" ({_show(reader.values[other.key], other.key, rule.type, reader)})"
    return said


def _show(value: Value, key: str, type: FieldType, reader: _Reader) -> str:
    spec = reader.fields.get(key)
    items = value if isinstance(value, (tuple, list)) else (value,)
    return ", ".join(show_value(item, type, spec, reader.language, reader.zone) for item in items)
