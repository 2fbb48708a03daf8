"""Values that stand for all others: between them, the constants of conditions tell nothing apart.

Numbers are dense, money comes in hundredths, dates in days, moments in microseconds. Where ``count`` fields
are compared with each other, every stretch between two constants is given ``count`` values (or all it has),
so that any order of the fields among each other can be shown.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, localcontext
from itertools import combinations, pairwise, product
from typing import Any

from kniga.rules.fields import FieldType, Value
from kniga.rules.folding import fold

MAX_CELLS = 40_000
_PRECISE = 200
_STEPS = tuple(timedelta(microseconds=micros) for micros in (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1))
_MARKS = "·¤§•¦†‡"


def cells(type: FieldType, constants: Sequence[Any], count: int, closed: tuple[str, ...] | None) -> list[Value]:
    """The known values that matter for ``count`` fields of one type compared with these constants."""
    if type == "boolean":
        return [True, False]
    if type == "choice":
        return list(closed) if closed is not None else [*dict.fromkeys(constants), *fresh_keys(constants, count)]
    if type == "reference":
        return [*dict.fromkeys(constants), *fresh_ids(constants, count)]
    if type == "text":
        folded = list(dict.fromkeys(fold(text) for text in constants))
        return [*folded, *marks(folded, count)]
    with localcontext(Context(prec=_PRECISE, traps=[])):
        return list(_ordered(type, sorted(set(constants)), count))


def fresh_keys(taken: Sequence[Any], count: int) -> list[str]:
    """Keys that are not among those taken."""
    known = set(taken)
    return [key for number in range(len(known) + count) if (key := f"other{number or ''}") not in known][:count]


def fresh_ids(taken: Sequence[Any], count: int) -> list[int]:
    """Ids that are not among those taken."""
    known = set(taken)
    return [number for number in range(1, len(known) + count + 1) if number not in known][:count]


def marks(texts: Sequence[str], count: int) -> list[str]:
    """Characters that stand in none of the texts, not even folded."""
    letters = set().union(*texts)
    private = (chr(code) for code in range(0xE000, 0xE000 + len(letters) + count))
    return [mark for mark in (*_MARKS, *private) if mark not in letters][:count]


def texts(
    same: Sequence[str], starts: Sequence[str], ends: Sequence[str], parts: Sequence[str], count: int
) -> Iterator[str]:
    """Texts that matter when beginnings, ends and parts are asked for (all folded): each text that is asked for
    itself, and every beginning, set of parts and end joined by a mark no constant has, so that nothing else is
    in it."""
    yield from same
    signs = marks([*same, *starts, *ends, *parts], count)
    subsets = [chosen for size in range(len(parts) + 1) for chosen in combinations(parts, size)]
    for begin, end, chosen, mark in product(("", *starts), ("", *ends), subsets, signs):
        yield joined(begin, chosen, end, mark)


def joined(begin: str, parts: Sequence[str], end: str, mark: str) -> str:
    """A text with this beginning, these parts and this end, kept apart by the mark."""
    return begin + mark + "".join(part + mark for part in parts) + end


def _ordered(type: FieldType, constants: list[Any], count: int) -> Iterator[Value]:
    if not constants:
        yield from _from_scratch(type, count)
        return
    yield from _below(type, constants[0], count)
    for low, high in pairwise(constants):
        yield from _kept(type, low)
        yield from _inside(type, low, high, count)
    yield from _kept(type, constants[-1])
    yield from _above(type, constants[-1], count)


def _kept(type: FieldType, constant: Any) -> Iterator[Value]:
    """A constant itself, unless no field can have it."""
    if type != "money" or not 100 % Decimal(constant).as_integer_ratio()[1]:
        yield constant


def _from_scratch(type: FieldType, count: int) -> Iterator[Value]:
    for number in range(count):
        if type == "date":
            yield date(2026, 1, 1) + timedelta(days=number)
        elif type == "datetime":
            yield datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
        else:
            yield Decimal(number)


def _below(type: FieldType, first: Any, count: int) -> Iterator[Value]:
    for number in range(count, 0, -1):
        if isinstance(first, date):
            yield from _shifted(first, -number)
        else:
            yield Decimal(first).to_integral_value(rounding="ROUND_FLOOR") - number


def _above(type: FieldType, last: Any, count: int) -> Iterator[Value]:
    for number in range(1, count + 1):
        if isinstance(last, date):
            yield from _shifted(last, number)
        else:
            yield Decimal(last).to_integral_value(rounding="ROUND_CEILING") + number


def _shifted(value: date, number: int) -> Iterator[date]:
    """So many days off, or as near as the calendar's end allows."""
    for step in _STEPS if isinstance(value, datetime) else _STEPS[:1]:
        try:
            yield value + number * step
            return
        except OverflowError:
            continue


def _inside(type: FieldType, low: Any, high: Any, count: int) -> Iterator[Value]:
    if type == "number":
        for number in range(1, count + 1):
            yield _short(Decimal(low), Decimal(high), number, count + 1)
    elif type == "money":
        first = int((Decimal(low) * 100).to_integral_value(rounding="ROUND_FLOOR")) + 1
        last = int((Decimal(high) * 100).to_integral_value(rounding="ROUND_CEILING")) - 1
        for cents in range(first, min(first + count - 1, last) + 1):
            yield Decimal(cents).scaleb(-2)
    else:
        steps = _STEPS if type == "datetime" else _STEPS[:1]
        step = next((step for step in steps if step * count < high - low), steps[-1])
        for number in range(1, count + 1):
            if number * step < high - low:
                yield low + number * step


def _short(low: Decimal, high: Decimal, number: int, of: int) -> Decimal:
    """A number near this fraction of the way from ``low`` to ``high``, with as few digits as will do."""
    exact = low + (high - low) * number / of
    near = (high - low) / (4 * of)
    places = -near.adjusted()
    shorter = exact.quantize(Decimal(1).scaleb(-places + 1))
    return shorter if abs(shorter - exact) < near else exact.quantize(Decimal(1).scaleb(-places - 1))
