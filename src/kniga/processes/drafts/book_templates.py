"""The gallery: processes that ship with Kniga, to begin one's own from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from kniga.engine import Definition, compile_bpmn
from kniga.engine.bpmn.reading import read_xml
from kniga.platform.errors import NotVisible
from kniga.processes.actions.names import KNOWN_ACTIONS
from kniga.processes.diagrams.drawing import Drawing, drawing_of
from kniga.processes.versions.publishing import BOOKS

TEMPLATES: Final = BOOKS / "templates"
_ORDER: Final = ("b2b_sale", "inbound_sale", "retail_repeat", "service_case", "handoff", "win_back")
_DOCUMENTATION: Final = "{http://www.omg.org/spec/BPMN/20100524/MODEL}documentation"


@dataclass(frozen=True, slots=True)
class BookTemplate:
    """A process of the gallery: what it is for (one sentence of the file's own), its stages, how many steps it has,
    and all of it compiled."""

    key: str
    name: str
    kind: str
    purpose: str
    stages: tuple[str, ...]
    steps: int
    drawing: Drawing | None
    definition: Definition


def book_templates(*, language: str) -> tuple[BookTemplate, ...]:
    """The processes of the gallery in a language (ru or en), in the order of the gallery."""
    keys = sorted(_paths(language), key=lambda key: (key not in _ORDER, _ORDER.index(key) if key in _ORDER else 0, key))
    return tuple(_template(key, language) for key in keys)


def book_template(*, key: str, language: str) -> BookTemplate:
    """One process of the gallery. Raises NotVisible."""
    if key not in _paths(language):
        raise NotVisible
    return _template(key, language)


def template_xml(*, key: str, language: str) -> bytes:
    """The file of a process of the gallery. Raises NotVisible."""
    path = _paths(language).get(key)
    if path is None:
        raise NotVisible
    return path.read_bytes()


def _paths(language: str) -> dict[str, Path]:
    found = [*BOOKS.glob(f"*.{language}.bpmn"), *TEMPLATES.glob(f"*.{language}.bpmn")]
    return {path.name.partition(".")[0]: path for path in sorted(found)}


@lru_cache(maxsize=64)
def _template(key: str, language: str) -> BookTemplate:
    xml = template_xml(key=key, language=language)
    definition = compile_bpmn(xml, actions=KNOWN_ACTIONS)
    purpose = next((node.text or "" for node in read_xml(xml).iter(_DOCUMENTATION)), "")
    return BookTemplate(
        key=key,
        name=definition.name,
        kind=definition.kind,
        purpose=" ".join(purpose.split()),
        stages=tuple(stage.name for stage in definition.stages),
        steps=len(definition.user_tasks()),
        drawing=drawing_of(xml, definition),
        definition=definition,
    )
