"""The reference page speaks of everything that the compiler knows."""

import json
import re
from pathlib import Path

from kniga.engine import STANDARD_FIELDS
from kniga.engine.bpmn import reading, vocabulary
from kniga.engine.bpmn.events import CHANNELS
from kniga.engine.bpmn.gateways import MAX_INCLUSIVE_FLOWS
from kniga.engine.bpmn.graph import MAX_NODES
from kniga.engine.bpmn.messages import CORRELATIONS
from kniga.engine.definition.actions import STANDARD_ACTIONS
from kniga.engine.definition.model import QUESTION_TYPES, RESULTS, TASK_KINDS, TONES
from kniga.rules import And, Comparison, Not, Or, Rule, Value, decide, evaluate, parse_rule, rule_to_json
from kniga.rules.fields import FIELD_TYPES, OPERATORS_OF
from kniga.rules.operands import UNITS, WHICH
from tests.engine.drawing import BOOKS, book

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGE = (REFERENCE / "bpmn-subset.md").read_text(encoding="utf-8")
CONDITIONS = (REFERENCE / "conditions.md").read_text(encoding="utf-8")
WORDS = {"true": True, "false": False, "unknown": None}


def test_every_word_of_the_extension_is_explained() -> None:
    words = {*TASK_KINDS, *TONES, *RESULTS, *QUESTION_TYPES, *STANDARD_FIELDS}
    for attributes in (*vocabulary._ATTRIBUTES.values(), *vocabulary._EXTENSIONS.values()):
        words.update(attributes)
    for attributes, inner in vocabulary._PARTS.values():
        words.update(attributes, inner)
    for action in STANDARD_ACTIONS.values():
        words.update({action.name, *(param.name for param in action.params)})
    words.update({*CHANNELS, *CORRELATIONS, str(reading.MAX_DEPTH), f"{MAX_NODES:,}", str(MAX_INCLUSIVE_FLOWS)})
    assert [word for word in sorted(words) if word not in PAGE] == []


def test_every_stage_of_the_shipped_books_is_listed() -> None:
    rows = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `") and "_sale`" in line}
    for name in sorted({path.name.split(".")[0] for path in BOOKS.glob("*.bpmn")}):
        assert ", ".join(stage.key for stage in book(f"{name}.en").stages) in rows[name]


def test_every_word_of_conditions_is_explained() -> None:
    words = {*FIELD_TYPES, *UNITS, *WHICH, *(op for ops in OPERATORS_OF.values() for op in ops), *decide.__all__}
    assert (
        sorted(
            word
            for word in words - {"Closed", "Decision", "MAX_SAMPLES", "Overlap", "Truths"}
            if word not in CONDITIONS
        )
        == []
    )


def test_every_example_of_a_condition_is_one() -> None:
    fenced = re.findall(r"```json\n(.*?)```", CONDITIONS, re.DOTALL)
    inline = re.findall(r"`(\{\"(?:any|all)\": \[\{.*?)`", CONDITIONS)
    assert len(fenced) == len(inline) == 1
    for example in (*fenced, *inline):
        assert rule_to_json(parse_rule(example, STANDARD_FIELDS)).keys() == json.loads(example).keys()


def test_the_truth_table_is_true() -> None:
    fields: dict[str, Rule] = {key: Comparison(key, "boolean", "eq", True) for key in "ab"}
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in CONDITIONS.splitlines() if line.count("|") == 6
    ]
    table = [row for row in rows if set(row) <= WORDS.keys()]
    assert len(table) == 9
    for row in table:
        a, b, every, some, negation = (WORDS[word] for word in row)
        values: dict[str, Value] = {"a": a, "b": b}
        terms = (fields["a"], fields["b"])
        assert evaluate(And(terms), values) is every
        assert evaluate(Or(terms), values) is some
        assert evaluate(Not(fields["a"]), values) is negation
