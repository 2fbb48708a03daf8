"""Conditions as sentences a head of sales reads, in Russian and English."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from kniga.rules.ast import And, Comparison, Not, Rule
from kniga.rules.fields import FieldRegistry, FieldSpec

Language = Literal["en", "ru"]

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "eq": "{field} is {value}",
        "ne": "{field} is not {value}",
        "lt": "{field} is less than {value}",
        "le": "{field} is at most {value}",
        "gt": "{field} is more than {value}",
        "ge": "{field} is at least {value}",
        "in": "{field} is one of: {value}",
        "not_in": "{field} is none of: {value}",
        "contains": "{field} contains {value}",
        "is_known": "{field} is known",
        "is_unknown": "{field} is not known",
        "date_lt": "{field} is before {value}",
        "date_le": "{field} is not after {value}",
        "date_gt": "{field} is after {value}",
        "date_ge": "{field} is not before {value}",
        "and": " and ",
        "or": " or ",
        "not": "not ({term})",
        "always": "always",
        "never": "never",
        "yes": "yes",
        "no": "no",
    },
    "ru": {
        "eq": "{field}: {value}",
        "ne": "{field}: не {value}",
        "lt": "{field} меньше {value}",
        "le": "{field} не больше {value}",
        "gt": "{field} больше {value}",
        "ge": "{field} не меньше {value}",
        "in": "{field}: одно из значений {value}",
        "not_in": "{field}: ни одно из значений {value}",
        "contains": "{field} содержит {value}",
        "is_known": "{field}: известно",
        "is_unknown": "{field}: неизвестно",
        "date_lt": "{field} раньше {value}",
        "date_le": "{field} не позже {value}",
        "date_gt": "{field} позже {value}",
        "date_ge": "{field} не раньше {value}",
        "and": " и ",
        "or": " или ",
        "not": "неверно, что ({term})",
        "always": "всегда",
        "never": "никогда",
        "yes": "да",
        "no": "нет",
    },
}


def rule_to_sentence(rule: Rule, fields: FieldRegistry, language: Language) -> str:
    """Say a condition in words. Labels come from ``fields``; a field without a spec is named by its
    key. Inner groups stand in brackets, so the sentence has one reading."""
    words = _WORDS[language]
    if isinstance(rule, Comparison):
        return _comparison(rule, fields.get(rule.field), language)
    if isinstance(rule, Not):
        return words["not"].format(term=rule_to_sentence(rule.term, fields, language))
    if not rule.terms:
        return words["always" if isinstance(rule, And) else "never"]
    parts = [_bracketed(term, fields, language) for term in rule.terms]
    return words["and" if isinstance(rule, And) else "or"].join(parts)


def _bracketed(term: Rule, fields: FieldRegistry, language: Language) -> str:
    text = rule_to_sentence(term, fields, language)
    plain = isinstance(term, (Comparison, Not)) or len(term.terms) < 2
    return text if plain else f"({text})"


def _comparison(rule: Comparison, spec: FieldSpec | None, language: Language) -> str:
    words = _WORDS[language]
    label = rule.field
    if spec is not None:
        label = spec.label_ru if language == "ru" else spec.label_en
    dated = rule.type in ("date", "datetime") and rule.op in ("lt", "le", "gt", "ge")
    values = rule.value if isinstance(rule.value, tuple) else (rule.value,)
    shown = ", ".join(_shown(value, spec, language) for value in values)
    return words[f"date_{rule.op}" if dated else rule.op].format(field=label, value=shown)


def _shown(value: object, spec: FieldSpec | None, language: Language) -> str:
    if isinstance(value, bool):
        return _WORDS[language]["yes" if value else "no"]
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.replace(",", "\u00a0").replace(".", ",") if language == "ru" else text
    if isinstance(value, datetime):
        return value.strftime("%d.%m.%Y %H:%M %z" if language == "ru" else "%Y-%m-%d %H:%M %z")
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y" if language == "ru" else "%Y-%m-%d")
    for choice in spec.choices if spec is not None else ():
        if choice.key == value:
            return choice.label_ru if language == "ru" else choice.label_en
    return f"«{value}»" if language == "ru" else f"“{value}”"
