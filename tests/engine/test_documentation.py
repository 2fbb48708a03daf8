"""The reference page speaks of everything that the compiler knows."""

from pathlib import Path

from kniga.engine import STANDARD_FIELDS
from kniga.engine.bpmn import reading, vocabulary
from kniga.engine.bpmn.events import CHANNELS
from kniga.engine.bpmn.gateways import MAX_INCLUSIVE_FLOWS
from kniga.engine.bpmn.graph import MAX_NODES
from kniga.engine.bpmn.messages import CORRELATIONS
from kniga.engine.definition.actions import STANDARD_ACTIONS
from kniga.engine.definition.model import RESULTS, TASK_KINDS, TONES
from kniga.rules.fields import FIELD_TYPES, OPERATORS
from tests.engine.drawing import BOOKS, book

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "bpmn-subset.md").read_text(encoding="utf-8")


def test_every_word_of_the_extension_is_explained() -> None:
    words = {*TASK_KINDS, *TONES, *RESULTS, *FIELD_TYPES, *OPERATORS, *STANDARD_FIELDS}
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
