"""The one condition language of the product: typed, pure, the same in Python and in SQL."""

from kniga.rules.ast import And, Comparison, Not, Or, Rule, comparisons, fields_of
from kniga.rules.codec import RuleRefused, parse_rule, rule_from_json, rule_to_json
from kniga.rules.evaluate import evaluate, holds
from kniga.rules.fields import (
    BadValue,
    FieldChoice,
    FieldRegistry,
    FieldSpec,
    FieldType,
    Operator,
    Value,
    is_blank,
)
from kniga.rules.folding import fold
from kniga.rules.sentence import rule_to_sentence
from kniga.rules.sql import Sql, rule_to_sql
from kniga.rules.values import read_value, write_value

__all__ = [
    "And",
    "BadValue",
    "Comparison",
    "FieldChoice",
    "FieldRegistry",
    "FieldSpec",
    "FieldType",
    "Not",
    "Operator",
    "Or",
    "Rule",
    "RuleRefused",
    "Sql",
    "Value",
    "comparisons",
    "evaluate",
    "fields_of",
    "fold",
    "holds",
    "is_blank",
    "parse_rule",
    "read_value",
    "rule_from_json",
    "rule_to_json",
    "rule_to_sentence",
    "rule_to_sql",
    "write_value",
]
