"""Another id for a process, and a file in UTF-8: what a copy of a file needs before it can live beside the first."""

import re

from kniga.engine.bpmn.draft import Problems, name_of
from kniga.engine.bpmn.graph import read_process
from kniga.engine.bpmn.names import MODEL
from kniga.engine.bpmn.reading import read_text, read_xml
from kniga.engine.bpmn.spans import read_spans

_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]{0,400}?\?>")
_REFERENCES = frozenset({"processRef", "bpmnElement"})


def in_utf8(data: bytes) -> bytes:
    """The file in UTF-8, said so by its declaration; nothing else of it changes. Raises BpmnRefused."""
    read_xml(data)
    text, _, _ = read_text(data)
    return _DECLARATION.sub("", text).join(('<?xml version="1.0" encoding="UTF-8"?>', "")).encode()


def process_named(data: bytes) -> tuple[str, str]:
    """The id and the name of the process that a file is about, "" for what it does not have: the one that executes,
    or the first. One without a name is called as its pool. Raises BpmnRefused."""
    root = read_xml(data)
    process = read_process(root, Problems())
    if process is None:
        process = next(root.iterchildren(f"{{{MODEL}}}process"), None)
    if process is None:
        return "", ""
    id = process.get("id", "")
    pools = (one for one in root.iter(f"{{{MODEL}}}participant") if one.get("processRef", "").rpartition(":")[2] == id)
    return id, name_of(process) or next(filter(None, map(name_of, pools)), "")


def rename_process(data: bytes, id: str) -> bytes:
    """The UTF-8 file with another id for the process it is about; participants and diagrams follow. A file without a
    process comes back as it is. Raises BpmnRefused."""
    old, _ = process_named(data)
    text = data.decode("utf-8-sig")
    root = read_spans(text)
    own = [s for s in root.children if s.namespace == MODEL and s.local == "process" and s.get("id") == old]
    if not old or not own:
        return data
    places = [own[0].attributes["id"]]
    places += [
        attribute
        for span in root.walk()
        for attribute in span.attributes.values()
        if attribute.name in _REFERENCES and attribute.value.rpartition(":")[2] == old
    ]
    for one in sorted(places, key=lambda place: place.value_start, reverse=True):
        prefix = one.value[: -len(old)] if one.name in _REFERENCES else ""
        text = f"{text[: one.value_start]}{prefix}{id}{text[one.value_end :]}"
    return text.encode()
