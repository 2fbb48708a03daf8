"""Conditions as sentences a head of sales reads, in Russian and English."""

from collections.abc import Mapping
from datetime import tzinfo

from kniga.rules.ast import And, Comparison, Not, Rule, items_of
from kniga.rules.fields import ORDER, FieldRegistry, is_many
from kniga.rules.operands import FromNow, OtherField, Period
from kniga.rules.shown import Language, show_operand, show_period

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "eq": "{field} is {value}",
        "ne": "{field} is not {value}",
        "lt": "{field} is less than {value}",
        "le": "{field} is at most {value}",
        "gt": "{field} is more than {value}",
        "ge": "{field} is at least {value}",
        "between": "{field} is from {low} to {high}",
        "in": "{field} is one of: {value}",
        "not_in": "{field} is none of: {value}",
        "contains": "{field} contains {value}",
        "not_contains": "{field} does not contain {value}",
        "starts_with": "{field} starts with {value}",
        "ends_with": "{field} ends with {value}",
        "many_contains": "{field} include {value}",
        "many_not_contains": "{field} do not include {value}",
        "any_of": "{field} include one of: {value}",
        "all_of": "{field} include all of: {value}",
        "none_of": "{field} include none of: {value}",
        "within": "{field} is {value}",
        "not_within": "{field} is not {value}",
        "is_known": "{field} is known",
        "is_unknown": "{field} is not known",
        "date_lt": "{field} is before {value}",
        "date_le": "{field} is not after {value}",
        "date_gt": "{field} is after {value}",
        "date_ge": "{field} is not before {value}",
        "field_eq": "{field} is the same as {value}",
        "field_ne": "{field} is not the same as {value}",
        "and": " and ",
        "or": " or ",
        "not": "not ({term})",
        "always": "always",
        "never": "never",
    },
    "ru": {
        "eq": "{field}: {value}",
        "ne": "{field}: не {value}",
        "lt": "{field} меньше {value}",
        "le": "{field} не больше {value}",
        "gt": "{field} больше {value}",
        "ge": "{field} не меньше {value}",
        "between": "{field}: от {low} до {high}",
        "in": "{field}: одно из значений {value}",
        "not_in": "{field}: ни одно из значений {value}",
        "contains": "{field} содержит {value}",
        "not_contains": "{field} не содержит {value}",
        "starts_with": "{field} начинается с {value}",
        "ends_with": "{field} заканчивается на {value}",
        "many_contains": "{field}: есть {value}",
        "many_not_contains": "{field}: нет {value}",
        "any_of": "{field}: есть хотя бы одно из значений {value}",
        "all_of": "{field}: есть все значения {value}",
        "none_of": "{field}: нет ни одного из значений {value}",
        "within": "{field}: {value}",
        "not_within": "{field}: не {value}",
        "is_known": "{field}: известно",
        "is_unknown": "{field}: неизвестно",
        "date_lt": "{field} раньше {value}",
        "date_le": "{field} не позже {value}",
        "date_gt": "{field} позже {value}",
        "date_ge": "{field} не раньше {value}",
        "moving_lt": "{field} раньше, чем {value}",
        "moving_le": "{field} не позже, чем {value}",
        "moving_gt": "{field} позже, чем {value}",
        "moving_ge": "{field} не раньше, чем {value}",
        "moving_between": "{field}: не раньше, чем {low}, и не позже, чем {high}",
        "date_between": "{field}: с {low} по {high}",
        "field_eq": "{field} совпадает с полем «{value}»",
        "field_ne": "{field} не совпадает с полем «{value}»",
        "field_lt": "{field} меньше, чем {value}",
        "field_le": "{field} не больше, чем {value}",
        "field_gt": "{field} больше, чем {value}",
        "field_ge": "{field} не меньше, чем {value}",
        "and": " и ",
        "or": " или ",
        "not": "неверно, что ({term})",
        "always": "всегда",
        "never": "никогда",
    },
}


def rule_to_sentence(rule: Rule, fields: FieldRegistry, language: Language, *, zone: tzinfo | None = None) -> str:
    """Say a condition in words. Labels come from ``fields``; a field without a spec is named by its
    key. Inner groups stand in brackets, so the sentence has one reading. Moments are told in ``zone``, with
    their own offset without one."""
    words = WORDS[language]
    if isinstance(rule, Comparison):
        return say(rule, WORDS[language], fields, language, zone)
    if isinstance(rule, Not):
        return words["not"].format(term=rule_to_sentence(rule.term, fields, language, zone=zone))
    if not rule.terms:
        return words["always" if isinstance(rule, And) else "never"]
    parts = [_bracketed(term, fields, language, zone) for term in rule.terms]
    return words["and" if isinstance(rule, And) else "or"].join(parts)


def _bracketed(term: Rule, fields: FieldRegistry, language: Language, zone: tzinfo | None) -> str:
    text = rule_to_sentence(term, fields, language, zone=zone)
    plain = isinstance(term, (Comparison, Not)) or len(term.terms) < 2
    return text if plain else f"({text})"


def say(
    rule: Comparison,
    words: Mapping[str, str],
    fields: FieldRegistry,
    language: Language,
    zone: tzinfo | None,
    op: str | None = None,
) -> str:
    """Fill the template that ``words`` have for a comparison: the most particular of those that fit. ``op``
    stands in for the comparison's own operator."""
    parts = {"field": label_of(rule.field, fields, language), "low": "", "high": ""}
    spec, value = fields.get(rule.field), rule.value
    if isinstance(value, OtherField):
        parts["value"] = label_of(value.key, fields, language)
    elif isinstance(value, Period):
        parts["value"] = show_period(value, language)
    else:
        shown = [show_operand(item, rule.type, spec, language, zone) for item in items_of(rule)]
        parts["value"] = ", ".join(shown)
        if rule.op == "between":
            parts["low"], parts["high"] = shown
    key = next(key for key in _kinds(rule, op or rule.op) if key in words)
    return words[key].format_map(parts)


def label_of(key: str, fields: FieldRegistry, language: Language) -> str:
    """What people call a field; its key without a spec."""
    spec = fields.get(key)
    if spec is None:
        return key
    return spec.label_ru if language == "ru" else spec.label_en


def _kinds(rule: Comparison, op: str) -> list[str]:
    """The names under which a template may stand, the most particular first."""
    kinds = [op]
    dated = rule.type in ("date", "datetime") and op in {*ORDER, "between", "not_between"}
    if dated:
        kinds.insert(0, f"date_{op}")
    if isinstance(rule.value, OtherField):
        kinds.insert(1 if dated else 0, f"field_{op}")
    if dated and (isinstance(rule.value, OtherField) or any(isinstance(item, FromNow) for item in items_of(rule))):
        kinds.insert(0, f"moving_{op}")
    if is_many(rule.type):
        kinds.insert(0, f"many_{op}")
    return kinds
