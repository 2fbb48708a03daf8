"""Hostile and broken files are refused with place and cure; they never crash or hang the compiler."""

import random
import time

import pytest

from kniga.engine import BpmnRefused, compile_bpmn
from kniga.engine.bpmn import reading
from tests.engine.drawing import BOOKS, HEAD, bpmn, codes, end, flow, start, task

PLAIN = bpmn(start(), task("a"), end(), flow("start", "a"), flow("a", "end"))
BOMB = (
    b'<?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<lolz>&b;</lolz>'
)
OUTSIDE = b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><d/>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"  \n ", "empty_file"),
        (b"hello", "not_xml"),
        (b"<a><b></a>", "not_xml"),
        (b"<a", "not_xml"),
        (b"\x7fELF\x02\x01\x01", "not_xml"),
        (b"MZ\x90\x00\x03", "bad_encoding"),
        (b"PK\x03\x04\x14\x00", "not_xml"),
        (b"<a/>", "not_bpmn"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", "not_bpmn"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "unknown_encoding"),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<a>\xcf\xf0</a>', "bad_encoding"),
        (b"\xff\xfe<\x00a", "bad_encoding"),
        (BOMB, "doctype"),
        (OUTSIDE, "doctype"),
        (OUTSIDE.decode().encode("utf-16"), "doctype"),
        (b"<a>&undefined;</a>", "not_xml"),
        (b"<a>" * 300, "not_xml"),
        (b"<a>" * 100 + b"</a>" * 100, "too_deep"),
        (b"<a>" + b"<b/>" * 50_001 + b"</a>", "too_many_elements"),
        (b" " * (reading.MAX_BYTES + 1), "too_large"),
        ("<a>\ud800</a>".encode("utf-8", "surrogatepass"), "bad_encoding"),
    ],
)
def test_a_file_that_is_no_bpmn_is_refused(data: bytes, code: str) -> None:
    assert codes(data) == [code]


def test_the_place_of_a_broken_byte_is_named() -> None:
    with pytest.raises(BpmnRefused) as caught:
        compile_bpmn(b"<a>\n\n\xff</a>")
    (problem,) = caught.value.problems
    assert problem.place == "line 3"


def test_the_place_of_a_document_type_is_named() -> None:
    with pytest.raises(BpmnRefused) as caught:
        compile_bpmn(BOMB)
    (problem,) = caught.value.problems
    assert (problem.line, problem.params["doctype"]) == (3, "lolz")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251", "koi8-r"])
def test_files_of_other_tools_may_come_in_other_encodings(encoding: str) -> None:
    named = encoding.removesuffix("-sig")
    text = PLAIN.decode().replace('name="P"', 'name="Продажа"')
    data = f'<?xml version="1.0"\n encoding="{named}"?>\n{text}'.encode(encoding)
    assert compile_bpmn(data).name == "Продажа"


def test_the_word_doctype_inside_a_script_is_no_document_type() -> None:
    script = "<k:script><![CDATA[<!DOCTYPE html>]]></k:script>"
    xml = bpmn(start(), task("a", "ok", script), end(), flow("start", "a"), flow("a", "end"))
    step = compile_bpmn(xml).user_task("a")
    assert step is not None
    assert step.script == "<!DOCTYPE html>"


def test_a_text_with_half_a_character_is_refused() -> None:
    assert codes("<a>\ud800</a>".encode("utf-16", "surrogatepass")) == ["bad_encoding"]


def test_large_drawings_are_refused_or_compiled_in_bounded_time() -> None:
    gateways = "".join(f'<exclusiveGateway id="g{n}"/>' for n in range(8_000))
    flows = "".join(flow(f"g{n}", f"g{n + 1}", id=f"f{n}") for n in range(7_999))
    lost = "".join(flow("nowhere", "g1", id=f"x{n}") for n in range(5_000))
    begun = time.process_time()
    assert codes(f"{HEAD}<process id='p'>{gateways}{flows}{lost}</process></definitions>".encode()) == [
        "too_many_steps"
    ]
    few = "".join(f'<exclusiveGateway id="g{n}"/>' for n in range(2_900))
    found = codes(f"{HEAD}<process id='p'>{few}{lost}</process></definitions>".encode())
    assert set(found) == {"dangling_flow", "no_start", "gateway_unconnected"}
    assert time.process_time() - begun < 10


def mutants(seed: int, count: int) -> list[bytes]:
    """Files made from the shipped ones by cutting, swapping, doubling and spoiling pieces."""
    chance = random.Random(seed)
    sources = [PLAIN, *((BOOKS / f"inbound_sale.{lang}.bpmn").read_bytes() for lang in ("en", "ru"))]
    words = [b"<", b">", b"&", b'"', b"id", b"\x00", b"\xff", b"]]>", b"<!--", b"parallelGateway", b"outcome",
             b"userTask", b"1e999", b"sourceRef", b"<!DOCTYPE x>", b"&#0;", b"xmlns", "ё".encode()]  # fmt: skip
    found = []
    for _ in range(count):
        data = bytearray(chance.choice(sources))
        for _ in range(chance.randint(1, 4)):
            at, other = chance.randrange(len(data)), chance.randrange(len(data))
            size = chance.randint(1, 40)
            kind = chance.randrange(4)
            if kind == 0:
                del data[at : at + size]
            elif kind == 1:
                data[at:at] = data[other : other + size]
            elif kind == 2:
                data[at : at + chance.randint(0, 3)] = chance.choice(words)
            else:
                data[at] = chance.randrange(256)
            data = data or bytearray(b"x")
        found.append(bytes(data))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_are_compiled_or_refused_and_nothing_else(seed: int) -> None:
    refusals = 0
    for data in mutants(seed, 500):
        refusals += bool(codes(data))
    assert refusals > 100


def test_mutated_words_of_the_book_are_compiled_or_refused() -> None:
    """Whole attribute values and tags are exchanged, so that the XML stays well-formed."""
    chance = random.Random(7)
    text = (BOOKS / "inbound_sale.en.bpmn").read_text(encoding="utf-8")
    pieces = text.split('"')
    refusals = 0
    for _ in range(300):
        mutated = list(pieces)
        for _ in range(chance.randint(1, 3)):
            at, other = (chance.randrange(1, len(pieces) - 1) | 1 for _ in range(2))
            mutated[at] = mutated[other]
        refusals += bool(codes('"'.join(mutated).encode()))
    assert refusals > 50


def test_drawings_made_to_be_slow_are_refused_in_bounded_time() -> None:
    """Circles, nests and joins whose natural handling takes the square of their number."""
    many = range(1_400)
    circles = "".join(f'<exclusiveGateway id="g{n}"/>{flow(f"g{n}", f"g{(n + 1) % 1400}", id=f"f{n}")}' for n in many)
    scopes = "".join(f'<subProcess id="s{n}">{start(f"b{n}")}</subProcess>' for n in many)
    joins = "".join(
        f'<inclusiveGateway id="j{n}"/>{flow(f"j{n}", f"j{(n + 1) % 1400}", id=f"p{n}")}'
        f"{flow(f'j{n}', f'j{(n + 7) % 1400}', id=f'q{n}')}"
        for n in many
    )
    dense = "".join(f'<parallelGateway id="g{n}"/>' for n in many) + "".join(
        flow(f"g{n}", f"g{(n * 7 + k * 31) % 1400}", id=f"f{n}_{k}") for n in many for k in range(12)
    )
    assert codes(f"{HEAD}<process id='p'>{dense}</process></definitions>".encode()).count("automatic_loop") == 20
    begun = time.process_time()
    for inside, code in ((circles, "automatic_loop"), (scopes, "start_without_end"), (joins, "too_many_inclusive")):
        assert code in codes(f"{HEAD}<process id='p'>{inside}</process></definitions>".encode())
    assert time.process_time() - begun < 5
