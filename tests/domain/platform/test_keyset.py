from __future__ import annotations

import base64

import pytest

from kniga.platform.errors import Refused
from kniga.platform.keyset import Sort, decode_cursor, encode_cursor


def test_a_cursor_comes_back_as_it_went() -> None:
    assert decode_cursor(encode_cursor("ёж", 7), Sort("x", "text")) == ("ёж", 7)


@pytest.mark.parametrize(
    ("cursor", "sql_type"),
    [
        (encode_cursor("1", 10**30), "bigint"),
        (encode_cursor("1", -1), "bigint"),
        (encode_cursor("1", True), "bigint"),
        (encode_cursor(str(10**30), 1), "bigint"),
        (encode_cursor("sNaN", 1), "numeric"),
        (encode_cursor("Infinity", 1), "numeric"),
        (encode_cursor("1E+999999", 1), "numeric"),
        (encode_cursor("a\x00b", 1), "text"),
        (base64.urlsafe_b64encode(b'["\\ud800",1]').decode(), "text"),
        (base64.urlsafe_b64encode(b"[" * 100_000).decode(), "text"),
        (base64.urlsafe_b64encode(b'["1",1.5]').decode(), "bigint"),
    ],
)
def test_a_cursor_that_no_column_can_hold_is_refused(cursor: str, sql_type: str) -> None:
    with pytest.raises(Refused):
        decode_cursor(cursor, Sort("x", sql_type))


def test_a_value_comes_back_in_the_form_postgresql_reads() -> None:
    assert decode_cursor(encode_cursor("2020-W01-1", 1), Sort("x", "date")) == ("2019-12-30", 1)
    assert decode_cursor(encode_cursor("٣", 1), Sort("x", "bigint")) == ("3", 1)


@pytest.mark.parametrize("cursor", ["", "%%%", "WzFd", encode_cursor("no date", 1), "null", "AAAA"])
def test_a_broken_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Refused) as refusal:
        decode_cursor(cursor, Sort("x", "timestamptz"))
    assert refusal.value.code == "cursor_invalid"
