"""Changes to a BPMN file that leave everything else as it was, byte for byte: the text is cut and joined at the
places that change, never written anew."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kniga.engine.bpmn.names import KNIGA, MODEL
from kniga.engine.bpmn.reading import read_text, read_xml
from kniga.engine.bpmn.spans import AttributeSpan, Span, read_spans

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_MARKUP = re.compile("[<>&]")
_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z", re.ASCII)
_STEP = "  "


class EditRefused(ValueError):
    """A change cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """An element of our extension that is to be written, such as an outcome or a deadline."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple["Part", ...] = ()


@dataclass(frozen=True, slots=True)
class SetAttribute:
    """Give an element's attribute a value, or with None take it away. ``kniga:kind`` means the attribute of our
    namespace, whatever its prefix in the file is."""

    element: str
    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class SetParts:
    """Let an element have exactly these extension parts of one name (all outcomes, the deadline); none: take them
    away. They stand where the first one stood, or behind the other extensions."""

    element: str
    name: str
    parts: tuple[Part, ...]


Change = SetAttribute | SetParts


def set_name(element: str, name: str) -> Change:
    """The change of an element's name."""
    return SetAttribute(element, "name", name)


def set_script(element: str, script: str) -> Change:
    """The change of a step's script; an empty one takes it away."""
    return SetParts(element, "script", (Part("script", text=script),) if script.strip() else ())


def edit(data: bytes, changes: Sequence[Change]) -> bytes:
    """The file with the changes made, in their order. Raises BpmnRefused if the file cannot be read and EditRefused if
    a change cannot be made; what the file then says is for the compiler to judge."""
    read_xml(data)
    text, encoding, mark = read_text(data)
    for change in changes:
        text = _set_attribute(text, change) if isinstance(change, SetAttribute) else _set_parts(text, change, encoding)
    edited = mark + text.encode(encoding, "xmlcharrefreplace")
    read_xml(edited)
    return edited


def _set_attribute(text: str, change: SetAttribute) -> str:
    _check_name(change.name.removeprefix("kniga:"))
    span = _find(read_spans(text), change.element)
    there = _attribute(span, change.name)
    if change.value is None:
        return text if there is None else text[: there.start] + text[there.end :]
    if there is not None:
        return text[: there.value_start] + quoted(change.value) + text[there.value_end :]
    name = change.name
    if name.startswith("kniga:"):
        text = _declare(text, lambda root: _find(root, change.element))
        span = _find(read_spans(text), change.element)
        name = f"{_prefix(span)}:{name.removeprefix('kniga:')}"
    at = max((one.end for one in span.attributes.values()), default=span.start + 1 + len(span.name))
    return f'{text[:at]} {name}="{quoted(change.value)}"{text[at:]}'


def _attribute(span: Span, name: str) -> AttributeSpan | None:
    if not name.startswith("kniga:"):
        return span.attributes.get(name)
    for prefix, uri in span.namespaces.items():
        found = span.attributes.get(f"{prefix}:{name.removeprefix('kniga:')}") if uri == KNIGA else None
        if found is not None:
            return found
    return None


def _set_parts(text: str, change: SetParts, encoding: str) -> str:
    if change.parts:
        text = _with_holder(text, change.element)
        text = _declare(text, lambda root: _holder(_find(root, change.element)))
    holder = _holder(_find(read_spans(text), change.element))
    if holder is None:
        return text
    existing = [part for part in holder.children if part.namespace == KNIGA and part.local == change.name]
    indent = _indent(text, holder.start)
    break_ = _line_end(text)
    prefix = _prefix(holder) or ""
    inner = None if indent is None else indent + _STEP
    written = [_written(part, prefix, inner, break_, encoding) for part in change.parts]
    new = "".join(piece if inner is None else f"{break_}{inner}{piece}" for piece in written)
    if existing:
        at = _before(text, existing[0].start) if inner is not None else existing[0].start
    else:
        at = holder.children[-1].end if holder.children else holder.open_end
        if not holder.children and indent is not None and new and not text[at : holder.close_start].strip():
            tail = text[at : holder.close_start]
            new += "" if "\n" in tail else f"{break_}{indent}"
    for part in reversed(existing):
        start = _before(text, part.start) if inner is not None else part.start
        text = text[:start] + text[part.end :]
    return text[:at] + new + text[at:]


def _with_holder(text: str, element: str) -> str:
    """The text with an open extensionElements in the element, behind its documentation (8.2.1)."""
    span = _find(read_spans(text), element)
    there = _holder(span)
    if there is not None and there.empty:
        return f"{text[: there.end - 2].rstrip()}></{there.name}>{text[there.end :]}"
    if there is not None:
        return text
    name = f"{span.prefix}:extensionElements" if span.prefix else "extensionElements"
    indent, break_ = _indent(text, span.start), _line_end(text)
    inner = "" if indent is None else f"{break_}{indent}{_STEP}"
    holder = f"{inner}<{name}></{name}>"
    if span.empty:
        tail = "" if indent is None else f"{break_}{indent}"
        start = text[: span.open_end - 2].rstrip()
        return f"{start}>{holder}{tail}</{span.name}>{text[span.open_end :]}"
    documentation = [part for part in span.children if part.namespace == MODEL and part.local == "documentation"]
    at = documentation[-1].end if documentation else span.open_end
    inside = text[at : span.close_start]
    tail = "" if indent is None or inside.strip() or "\n" in inside else f"{break_}{indent}"
    return text[:at] + holder + tail + text[at:]


def _holder(span: Span) -> Span | None:
    return next((p for p in span.children if p.namespace == MODEL and p.local == "extensionElements"), None)


def _find(root: Span, id: str) -> Span:
    found = [span for span in root.walk() if span.namespace == MODEL and span.get("id") == id]
    if len(found) != 1:
        raise EditRefused(f"{len(found)} elements have the id {id}")
    return found[0]


def _prefix(span: Span) -> str | None:
    """A prefix of our namespace that holds at an element."""
    return next((prefix for prefix, uri in span.namespaces.items() if uri == KNIGA and prefix), None)


def _declare(text: str, place: Callable[[Span], Span | None]) -> str:
    """The text with a prefix for our namespace that holds at a place, whatever else is bound on the way there: declared
    at the root if it is missing."""
    root = read_spans(text)
    at_place = place(root)
    if at_place is None or _prefix(at_place) is not None:
        return text
    used = {prefix for span in root.walk() for prefix in span.namespaces}
    prefix = next(name for name in ("kniga", *(f"kniga{n}" for n in range(len(used) + 1))) if name not in used)
    at = max((one.end for one in root.attributes.values()), default=root.start + 1 + len(root.name))
    return f'{text[:at]} xmlns:{prefix}="{KNIGA}"{text[at:]}'


def _written(part: Part, prefix: str, indent: str | None, break_: str, encoding: str) -> str:
    _check_name(part.name)
    for name in part.attributes:
        _check_name(name)
    attributes = "".join(f' {name}="{quoted(value)}"' for name, value in part.attributes.items())
    tag = f"{prefix}:{part.name}"
    if part.children:
        inner = None if indent is None else indent + _STEP
        pieces = [_written(child, prefix, inner, break_, encoding) for child in part.children]
        inside = "".join(piece if inner is None else f"{break_}{inner}{piece}" for piece in pieces)
        return f"<{tag}{attributes}>{inside}{'' if indent is None else break_ + indent}</{tag}>"
    if not part.text:
        return f"<{tag}{attributes}/>"
    return f"<{tag}{attributes}>{_content(part.text, break_, encoding)}</{tag}>"


def _content(text: str, break_: str, encoding: str) -> str:
    _check_text(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    fits = lines.encode(encoding, "ignore").decode(encoding) == lines
    if fits and _MARKUP.search(lines) and "]]>" not in lines:
        written = f"<![CDATA[{lines}]]>"
    else:
        written = lines.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return written.replace("\n", break_)


def quoted(value: str) -> str:
    """A value as it stands between the quotes of an attribute. Raises EditRefused for what XML cannot hold."""
    _check_text(value)
    for plain, written in (
        ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;"), ("\n", "&#10;"),
        ("\r", "&#13;"), ("\t", "&#9;"),
    ):  # fmt: skip
        value = value.replace(plain, written)
    return value


def _check_text(text: str) -> None:
    if _UNFIT.search(text):
        raise EditRefused("the text has a character that XML cannot hold")


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise EditRefused(f"“{name}” is no name of an attribute or element")


def _indent(text: str, at: int) -> str | None:
    """The white space before a place if it stands first in its line, else None."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line if "\n" in text[:at] and not line.strip() else None


def _before(text: str, at: int) -> int:
    """Where the white space begins that stands before a place, from the end of the line before on."""
    start = len(text[:at].rstrip(" \t"))
    if text[:start].endswith("\r\n"):
        return start - 2
    return start - 1 if text[:start].endswith("\n") else at


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
