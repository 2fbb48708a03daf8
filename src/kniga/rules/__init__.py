"""The one condition language of the product: typed, pure, the same in Python and in SQL."""

from kniga.rules.ast import And, Comparison, Not, Or, Rule, comparisons, fields_of, items_of
from kniga.rules.codec import RuleRefused, parse_rule, rule_from_json, rule_to_json
from kniga.rules.compiled import Predicate
from kniga.rules.evaluate import compile_rule, evaluate, holds
from kniga.rules.explain import Explanation, explain
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
from kniga.rules.operands import FromNow, OtherField, Period
from kniga.rules.relative import is_relative, resolve
from kniga.rules.sentence import rule_to_sentence
from kniga.rules.sql import Sql, rule_to_sql
from kniga.rules.values import read_value, write_value

__all__ = [
    "And",
    "BadValue",
    "Comparison",
    "Explanation",
    "FieldChoice",
    "FieldRegistry",
    "FieldSpec",
    "FieldType",
    "FromNow",
    "Not",
    "Operator",
    "Or",
    "OtherField",
    "Period",
    "Predicate",
    "Rule",
    "RuleRefused",
    "Sql",
    "Value",
    "comparisons",
    "compile_rule",
    "evaluate",
    "explain",
    "fields_of",
    "fold",
    "holds",
    "is_blank",
    "is_relative",
    "items_of",
    "parse_rule",
    "read_value",
    "resolve",
    "rule_from_json",
    "rule_to_json",
    "rule_to_sentence",
    "rule_to_sql",
    "write_value",
]
