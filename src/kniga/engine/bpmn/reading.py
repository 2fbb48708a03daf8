"""Untrusted bytes to an XML tree, or a refusal: no DTD, no entities, no network, bounded size and depth."""

import codecs
import re

from lxml import etree

from kniga.engine.bpmn.draft import line_of
from kniga.engine.bpmn.names import MODEL
from kniga.engine.definition.problems import BpmnRefused, Problem

MAX_BYTES = 5 * 1024 * 1024
MAX_TAGS = 50_000
MAX_DEPTH = 60

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WITHOUT_MARK = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_ENCODINGS = frozenset({
    "utf-8", "utf8", "utf-16", "us-ascii", "ascii", "windows-1251", "cp1251", "koi8-r", "iso-8859-1",
    "iso-8859-5", "windows-1252",
})  # fmt: skip
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]{0,400}?\?>")
_DECLARED = re.compile(rb"""\A\s*<\?xml\b[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BEFORE_ROOT = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\s*([^\s\[>]{0,80})", re.IGNORECASE)


def read_xml(data: bytes) -> etree._Element:
    """Parse a BPMN file; return its definitions element. Raises BpmnRefused."""
    root = read_tree(data)
    if root.tag != f"{{{MODEL}}}definitions":
        raise _refused("not_bpmn", line=line_of(root), tag=str(root.tag)[:200])
    return root


def read_tree(data: bytes) -> etree._Element:
    """Parse an XML file of any kind, safely; return its root. Raises BpmnRefused."""
    if len(data) > MAX_BYTES:
        raise _refused("too_large", limit=f"{MAX_BYTES // 1024 // 1024} MiB")
    if not data.strip():
        raise _refused("empty_file")
    text = _decode(data)
    _refuse_doctype(text)
    if text.count("<") > MAX_TAGS:
        raise _refused("too_many_elements", limit=str(MAX_TAGS))
    root = _parse(text)
    _refuse_depth(root)
    return root


def read_text(data: bytes) -> tuple[str, str, bytes]:
    """The text of a file that can be read, the encoding that gives back its bytes, and its byte order mark."""
    mark = next((bom for bom, _ in _BOMS if data.startswith(bom)), b"")
    return _decode(data), _WITHOUT_MARK.get(mark, _encoding(data)), mark


def _encoding(data: bytes) -> str:
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), None)
    if encoding is None:
        declared = _DECLARED.match(data)
        encoding = declared.group(1).decode("ascii").lower() if declared else "utf-8"
        if encoding not in _ENCODINGS:
            raise _refused("unknown_encoding", encoding=encoding)
    return encoding


def _decode(data: bytes) -> str:
    encoding = _encoding(data)
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        raise _refused("bad_encoding", data.count(b"\n", 0, start) + 1, encoding=encoding) from None


def _refuse_doctype(text: str) -> None:
    """A document type may only stand before the root element, so only that part is looked at."""
    at = 0
    while match := _BEFORE_ROOT.match(text, at):
        at = match.end()
    doctype = _DOCTYPE.match(text, at)
    if doctype:
        raise _refused("doctype", text.count("\n", 0, at) + 1, doctype=doctype.group(1))


def _parse(text: str) -> etree._Element:
    # The declaration goes (its line stays), since the text is encoded anew.
    declaration = _DECLARATION.match(text)
    if declaration:
        text = "\n" * declaration.group(0).count("\n") + text[declaration.end() :]
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_pis=True, remove_comments=True, encoding="utf-8",
    )  # fmt: skip
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise _refused("not_xml", error.lineno, detail=_plain(error.msg)) from None


def _refuse_depth(root: etree._Element) -> None:
    level: list[etree._Element] = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return
    raise _refused("too_deep", line_of(level[0]), limit=str(MAX_DEPTH))


def _plain(message: str | None) -> str:
    return (message or "the parser gives no reason").split(", line ")[0][:300]


def _refused(code: str, line: int | None = None, **params: str) -> BpmnRefused:
    return BpmnRefused((Problem(code, None, line, params),))
