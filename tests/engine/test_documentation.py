"""The reference page speaks of everything that the compiler knows."""

from pathlib import Path

from kniga.engine import STANDARD_FIELDS
from kniga.engine.bpmn import vocabulary
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
    assert [word for word in sorted(words) if word not in PAGE] == []


def test_every_stage_of_the_shipped_books_is_listed() -> None:
    rows = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `") and "_sale`" in line}
    for name in sorted({path.name.split(".")[0] for path in BOOKS.glob("*.bpmn")}):
        assert ", ".join(stage.key for stage in book(f"{name}.en").stages) in rows[name]
