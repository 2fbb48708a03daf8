"""What a program changed in a file it had written anew, carried over into the file as it was: all that nobody touched
keeps its bytes, however the program writes."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kniga.engine.bpmn.difference import Difference, differences
from kniga.engine.bpmn.editing import quoted
from kniga.engine.bpmn.reading import read_text
from kniga.engine.bpmn.spans import AttributeSpan, Span, read_spans

_NAMED = re.compile(r"([A-Za-z_][\w.-]*):[\w.-]+\Z")
_ID = re.compile(r"[^\W\d][\w.-]*\Z")
_KEYS = ("id", "bpmnElement", "key")
_STEP = "  "
_Key = tuple[str, str, str, int]
"""What an element is known by among its siblings: namespace, tag, id, and the how manieth of these it is."""


@dataclass
class _Item:
    """An element inside another one, with the text before it."""

    gap: str
    key: _Key
    text: str


class _TooMuch(ValueError):
    """The change cannot be carried over piece by piece."""


def splice(file: bytes, before: bytes, after: bytes) -> bytes:
    """``file`` with what changed between ``before`` and ``after``, both written by one program: ``before`` is the file
    as that program writes it. Comments, quotes, line ends and what the program does not know stay.

    What cannot be carried over so is not guessed: then ``after`` comes back as it is. Raises BpmnRefused for a file
    that cannot be read."""
    if before == after:
        return file
    habits = differences(file, before)
    if not all(_is_habit(one) for one in habits):
        return after
    text, encoding, mark = read_text(file)
    old, new = read_text(before)[0], read_text(after)[0]
    try:
        woven = _Weaver(text, old, new).file()
        spliced = mark + woven.encode(encoding)
    except (_TooMuch, UnicodeEncodeError):
        return after
    known = {_habit(one) for one in habits}
    return spliced if all(_habit(one) in known for one in differences(spliced, after)) else after


def _is_habit(one: Difference) -> bool:
    """Whether two writers of one file may differ so: in what is said by not saying it, in order, in prefixes, in how
    numbers are written. Never in an element that has an id."""
    if one.what.startswith("order"):
        return True
    if one.what.startswith("element "):
        return not (_ID.match(one.before or "") or _ID.match(one.after or ""))
    if one.before is None or one.after is None:
        return True
    return _plain(one.before) == _plain(one.after)


def _plain(value: str) -> str:
    try:
        return str(float(value))
    except ValueError:
        return " ".join(re.split("[:}]", value)[-1].split())


def _habit(one: Difference) -> tuple[str, str, str | None, str | None]:
    if one.what.startswith("order"):
        return one.place, one.what, None, None
    return one.place, one.what, one.before, one.after


class _Weaver:
    """One file being made of three texts."""

    def __init__(self, text: str, old: str, new: str) -> None:
        self.text, self.old, self.new = text, old, new
        self.break_ = "\r\n" if "\r\n" in text else "\n"

    def file(self) -> str:
        root = read_spans(self.text)
        woven = self._woven(root, read_spans(self.old), read_spans(self.new), {"xml": "xml"})
        return self.text[: root.start] + woven + self.text[root.end :]

    def _woven(self, span: Span, old: Span, new: Span, around: Mapping[str, str]) -> str:
        """An element as it stands in the file, with what changed in it."""
        if self.old[old.start : old.end] == self.new[new.start : new.end]:
            return self.text[span.start : span.end]
        if _own_text(self.old, old) != _own_text(self.new, new) and (span.children or old.children or new.children):
            raise _TooMuch
        scope, tag = self._tag(span, old, new, around)
        inside = self._inside(span, old, new, scope)
        if not inside and span.empty:
            return f"{tag}/>"
        return f"{tag}>{inside}</{span.name}>"

    def _tag(self, span: Span, old: Span, new: Span, around: Mapping[str, str]) -> tuple[Mapping[str, str], str]:
        """The start tag without its end, and the prefixes that hold inside."""
        scope = {**around, **_declared(span.attributes.values())}
        was, is_, here = _expanded(old), _expanded(new), _expanded(span)
        end = span.open_end - (2 if span.empty else 1)
        edits: list[tuple[int, int, str]] = []
        added = ""
        for prefix, uri in _declared(new.attributes.values()).items():
            if prefix not in old.namespaces and prefix not in scope:
                scope[prefix] = uri
                added += f' {_declaration(prefix)}="{quoted(uri)}"'
        for name in (*was, *(name for name in is_ if name not in was)):
            value = is_[name].value if name in is_ else None
            there = here.get(name)
            if (was[name].value if name in was else None) == value:
                continue
            if value is None:
                edits += [] if there is None else [(there.start, there.end, "")]
            elif there is not None:
                edits.append((there.value_start, there.value_end, quoted(value)))
            else:
                added += f' {_called(name, scope)}="{quoted(value)}"'
        last = max((one.end for one in span.attributes.values()), default=span.start + 1 + len(span.name))
        edits.append((last, last, added))
        return scope, _edited(self.text, span.start, end, edits)

    def _inside(self, span: Span, old: Span, new: Span, scope: Mapping[str, str]) -> str:
        """What stands between the tags."""
        there, was, is_ = _keyed(span.children), _keyed(old.children), _keyed(new.children)
        if not (there or was or is_):
            written = self.new[new.open_end : new.close_start]
            same = _own_text(self.old, old) == _own_text(self.new, new)
            return self.text[span.open_end : span.close_start] if same else self._mine(written)
        items, tail = self._items(span, there)
        for item in items:
            if item.key in was and item.key in is_:
                item.text = self._woven(there[item.key], was[item.key], is_[item.key], scope)
        self._drop(items, [key for key in there if key in was and key not in is_])
        _put_in_order(items, [key for key in was if key in is_], [key for key in is_ if key in was])
        before: _Key | None = None
        for key, child in is_.items():
            is_new = key not in was or self._changed(was[key], child)
            if key not in there and is_new:
                self._insert(span, items, before, key, self._carried(child, scope))
            elif key in there and key not in was:
                raise _TooMuch
            before = key if any(item.key == key for item in items) else before
        if items and not there and "\n" in items[0].gap and not tail.strip():
            tail = self.break_ + (self._indent(span) or "")
        return "".join(item.gap + item.text for item in items) + tail

    def _items(self, span: Span, there: Mapping[_Key, Span]) -> tuple[list[_Item], str]:
        at, items = span.open_end, []
        for key, child in there.items():
            items.append(_Item(self.text[at : child.start], key, self.text[child.start : child.end]))
            at = child.end
        return items, self.text[at : span.close_start]

    def _drop(self, items: list[_Item], gone: list[_Key]) -> None:
        """Take elements away with the white space before them; a comment before one stays."""
        for key in gone:
            at = next(at for at, item in enumerate(items) if item.key == key)
            if items[at].gap.strip():
                items[at].text, items[at].key = "", ("", "", "", -at)
            else:
                del items[at]

    def _changed(self, old: Span, new: Span) -> bool:
        return self.old[old.start : old.end] != self.new[new.start : new.end]

    def _insert(self, span: Span, items: list[_Item], before: _Key | None, key: _Key, text: str) -> None:
        at = 0 if before is None else next(at for at, item in enumerate(items, 1) if item.key == before)
        like = items[max(at - 1, 0)].gap if items else self._first_gap(span)
        gap = like[like.rfind("\n") :] if "\n" in like else ""
        gap = gap if not gap.strip() else self._first_gap(span)
        items.insert(at, _Item(gap.replace("\n", self.break_), key, text))

    def _first_gap(self, span: Span) -> str:
        indent = self._indent(span)
        return "" if indent is None else f"\n{indent}{_STEP}"

    def _indent(self, span: Span) -> str | None:
        line = self.text[self.text.rfind("\n", 0, span.start) + 1 : span.start]
        return line if not line.strip() and "\n" in self.text[: span.start] else None

    def _carried(self, span: Span, scope: Mapping[str, str]) -> str:
        """An element of the new text, with the prefixes it needs and does not find in its new place."""
        text = self.new[span.start : span.end]
        missing = sorted(
            prefix
            for prefix in _used(span)
            if prefix in span.namespaces
            and scope.get(prefix) != span.namespaces[prefix]
            and _declaration(prefix) not in span.attributes
        )
        declared = "".join(f' {_declaration(prefix)}="{quoted(span.namespaces[prefix])}"' for prefix in missing)
        at = 1 + len(span.name)
        return self._mine(text[:at] + declared + text[at:])

    def _mine(self, text: str) -> str:
        return text.replace("\r\n", "\n").replace("\n", self.break_)


def _put_in_order(items: list[_Item], was: list[_Key], is_: list[_Key]) -> None:
    """Let elements follow each other as they do now, if they did otherwise: each in the place of one of them."""
    if was == is_:
        return
    found = {item.key: item for item in items}
    places = [at for at, item in enumerate(items) if item.key in set(is_)]
    for at, key in zip(places, [key for key in is_ if key in found], strict=True):
        items[at] = _Item(items[at].gap, key, found[key].text)


def _keyed(spans: Iterable[Span]) -> dict[_Key, Span]:
    seen: Counter[tuple[str, str, str]] = Counter()
    found = {}
    for span in spans:
        own = next((value for name in _KEYS if (value := span.get(name)) and _ID.match(value)), "")
        plain = (span.namespace, span.local, own)
        found[(*plain, seen[plain])] = span
        seen[plain] += 1
    return found


def _own_text(text: str, span: Span) -> str:
    """The text of an element that is its own, without that of the elements inside and white space around them."""
    pieces, at = [], span.open_end
    for child in span.children:
        pieces.append(text[at : child.start].strip())
        at = child.end
    last = text[at : span.close_start]
    return "\n".join([*pieces, last.strip()]).strip() if pieces else last


def _declaration(prefix: str) -> str:
    return f"xmlns:{prefix}" if prefix else "xmlns"


def _declared(attributes: Iterable[AttributeSpan]) -> dict[str, str]:
    return {
        one.name.partition(":")[2]: one.value
        for one in attributes
        if one.name == "xmlns" or one.name.startswith("xmlns:")
    }


def _expanded(span: Span) -> dict[tuple[str, str], AttributeSpan]:
    """The attributes by namespace and name, without declarations of prefixes."""
    found = {}
    for name, one in span.attributes.items():
        prefix, _, own = name.rpartition(":")
        if name != "xmlns" and prefix != "xmlns":
            found[span.namespaces.get(prefix, prefix) if prefix else "", own] = one
    return found


def _called(name: tuple[str, str], scope: Mapping[str, str]) -> str:
    """The name of an attribute with a prefix that holds."""
    namespace, own = name
    if not namespace:
        return own
    prefix = next((prefix for prefix, uri in scope.items() if uri == namespace and prefix), None)
    if prefix is None:
        raise _TooMuch
    return f"{prefix}:{own}"


def _used(span: Span) -> set[str]:
    """The prefixes that an element and all inside name, in tags, attributes and values."""
    used = set()
    for one in span.walk():
        used.add(one.prefix)
        for name, attribute in one.attributes.items():
            named = _NAMED.match(attribute.value)
            used.update({name.rpartition(":")[0]} - {""}, {named.group(1)} if named else ())
    return used


def _edited(text: str, start: int, end: int, edits: list[tuple[int, int, str]]) -> str:
    pieces, at = [], start
    for first, last, new in sorted(edits, key=lambda one: one[:2]):
        pieces += [text[at:first], new]
        at = last
    return "".join([*pieces, text[at:end]])
