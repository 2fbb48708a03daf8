from __future__ import annotations

import pytest

from kniga.platform.errors import Refused
from kniga.platform.keyset import Sort, decode_cursor, encode_cursor


def test_a_cursor_comes_back_as_it_went() -> None:
    assert decode_cursor(encode_cursor("ёж", 7), Sort("x", "text")) == ("ёж", 7)


@pytest.mark.parametrize("cursor", ["", "%%%", "WzFd", encode_cursor("no date", 1), "null", "AAAA"])
def test_a_broken_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Refused) as refusal:
        decode_cursor(cursor, Sort("x", "timestamptz"))
    assert refusal.value.code == "cursor_invalid"
