"""The part of FEEL that cells of decision tables are written in (DMN 1.3, 10.3.1.2: unary tests, 34 to 45).

Literals, comparisons, ranges, lists of them and ``not(…)``; no expressions, no functions but those that write a
date. What stands in a cell becomes a small tree that knows nothing of fields.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

LiteralKind = Literal["text", "number", "boolean", "date", "datetime", "null"]
Sign = Literal["lt", "le", "gt", "ge"]
MAX_TEXT = 10_000

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?(?:\d+(?:\.\d+)?|\.\d+))|(?P<sign><=|>=|<|>)"""
    r"""|(?P<punctuation>\.\.|[\[\](),@])|(?P<word>date\s+and\s+time|[^\W\d]\w*)|(?P<end>\Z))""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{6}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_SIGNS: dict[str, Sign] = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_ANY = ("", "-", "–")


class BadFeel(ValueError):
    """A cell is not written in what we read of FEEL; the message says what was met."""


@dataclass(frozen=True, slots=True)
class FeelValue:
    """A literal."""

    kind: LiteralKind
    value: str | Decimal | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Compare:
    """``< literal`` and its like."""

    sign: Sign
    value: FeelValue


@dataclass(frozen=True, slots=True)
class Range:
    """``[low..high]``; a side in round or turned brackets leaves its end out."""

    low: Compare
    high: Compare


Test = FeelValue | Compare | Range


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """A cell: one of ``tests`` must be met, or with ``negated`` none. Without tests anything goes."""

    tests: tuple[Test, ...] = ()
    negated: bool = False


def read_unary_tests(text: str) -> UnaryTests:
    """Read an input entry; ``-`` and an empty one mean anything. Raises BadFeel."""
    if text.strip() in _ANY:
        return UnaryTests()
    tokens = _Tokens(text)
    if tokens.word == "not":
        tokens.take()
        tokens.expect("(")
        tests = UnaryTests(_list(tokens), negated=True)
        tokens.expect(")")
    else:
        tests = UnaryTests(_list(tokens))
    tokens.expect_end()
    return tests


def read_literals(text: str) -> tuple[FeelValue, ...]:
    """Read literals parted by commas, such as an output's allowed values; an empty text is none. Raises BadFeel."""
    if not text.strip():
        return ()
    tokens = _Tokens(text)
    found = [_literal(tokens)]
    while tokens.text == ",":
        tokens.take()
        found.append(_literal(tokens))
    tokens.expect_end()
    return tuple(found)


class _Tokens:
    """The words of a cell, one looked at ahead: ``kind`` and ``text`` are the next one's."""

    def __init__(self, source: str) -> None:
        if len(source) > MAX_TEXT:
            raise BadFeel(f"it is longer than {MAX_TEXT} characters")
        self._source = source
        self._at = 0
        self.kind = ""
        self.text = ""
        self._next()

    @property
    def word(self) -> str:
        """The next word, its blanks made one; empty if no word is next."""
        return " ".join(self.text.split()) if self.kind == "word" else ""

    def take(self) -> str:
        """The next word's text, which is gone then."""
        text = self.text
        self._next()
        return text

    def expect(self, text: str) -> None:
        """Take this word or refuse."""
        if self.text != text:
            raise BadFeel(f"“{text}” is expected, {self._met()} is there")
        self._next()

    def expect_end(self) -> None:
        """Refuse whatever is left."""
        if self.kind != "end":
            raise BadFeel(f"{self._met()} is more than a plain test")

    def unexpected(self) -> BadFeel:
        """The refusal of the next word."""
        return BadFeel(f"a value is expected, {self._met()} is there")

    def _met(self) -> str:
        return "the end" if self.kind == "end" else f"“{self.text}”"

    def _next(self) -> None:
        match = _TOKEN.match(self._source, self._at)
        if match is None or match.lastgroup is None:
            rest = self._source[self._at :].strip()
            raise BadFeel(f"“{rest[:1]}” is not understood")
        self.kind, self.text, self._at = match.lastgroup, match.group(match.lastgroup), match.end()


def _list(tokens: _Tokens) -> tuple[Test, ...]:
    found = [_test(tokens)]
    while tokens.text == "," and tokens.kind == "punctuation":
        tokens.take()
        found.append(_test(tokens))
    return tuple(found)


def _test(tokens: _Tokens) -> Test:
    if tokens.kind == "sign":
        return Compare(_SIGNS[tokens.take()], _literal(tokens))
    if tokens.kind == "punctuation" and tokens.text in ("[", "]", "("):
        return _range(tokens)
    return _literal(tokens)


def _range(tokens: _Tokens) -> Range:
    low: Sign = "ge" if tokens.take() == "[" else "gt"
    first = Compare(low, _literal(tokens))
    tokens.expect("..")
    last = _literal(tokens)
    if tokens.text not in ("]", ")", "["):
        tokens.expect("]")
    high: Sign = "le" if tokens.take() == "]" else "lt"
    return Range(first, Compare(high, last))


def _literal(tokens: _Tokens) -> FeelValue:
    if tokens.kind == "string":
        return FeelValue("text", _unquoted(tokens.take()))
    if tokens.kind == "number":
        return FeelValue("number", Decimal(tokens.take()))
    word = tokens.word
    if word in _WORDS:
        tokens.take()
        return FeelValue("null" if _WORDS[word] is None else "boolean", _WORDS[word])
    if word in ("date", "date and time"):
        tokens.take()
        tokens.expect("(")
        value = _temporal(tokens, word)
        tokens.expect(")")
        return value
    if tokens.text == "@" and tokens.kind == "punctuation":
        tokens.take()
        return _temporal(tokens, "date and time" if "T" in tokens.text else "date")
    raise tokens.unexpected()


def _temporal(tokens: _Tokens, name: str) -> FeelValue:
    if tokens.kind != "string":
        raise tokens.unexpected()
    text = _unquoted(tokens.take())
    try:
        if name == "date":
            return FeelValue("date", date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadFeel(f"“{text}” is no {name}") from None
    if moment.utcoffset() is None:
        raise BadFeel(f"“{text}” has no offset such as +03:00")
    return FeelValue("datetime", moment)


def _unquoted(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match.group(1)
        if len(code) > 1:
            return _character(int(code[1:], 16))
        if code not in _ESCAPED:
            raise BadFeel(f"“\\{code}” is no escape of FEEL")
        return _ESCAPED[code]

    return _ESCAPE.sub(plain, text[1:-1])


def _character(code: int) -> str:
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or code == 0:
        raise BadFeel(f"U+{code:04X} is no character")
    return chr(code)
