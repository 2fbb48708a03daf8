"""Texts that are kept and told again in the language of their reader."""

from __future__ import annotations

import json

from django.utils.functional import lazystr
from django.utils.translation import override

from kniga.platform.said import kept, said, told_again

SOURCE = "“%(text)s” is not an e-mail address. It looks like name@example.com."


def test_what_was_said_in_one_language_is_told_in_another() -> None:
    with override("ru"):
        text = said(SOURCE) % {"text": "olga@"}
        stored = json.loads(json.dumps(kept(text)))
    assert "не адрес" in text
    with override("en"):
        assert told_again(stored, str(text)) == SOURCE % {"text": "olga@"}


def test_a_text_that_nobody_said_stays_as_it_is() -> None:
    assert kept("as it is") == {}
    assert told_again({}, "as it is") == "as it is"


def test_a_filled_in_text_may_itself_be_said() -> None:
    inner = said("no owner")
    stored = json.loads(
        json.dumps(kept(said("looks like the client “%(name)s” (%(whose)s)") % {"name": lazystr("A"), "whose": inner}))
    )
    with override("ru"):
        told = told_again(stored, "")
    assert "«A»" in told and "без ответственного" in told


def test_a_template_that_no_longer_fits_its_values_falls_back_on_the_kept_text() -> None:
    assert told_again({"say": "%(gone)s", "with": {"other": 1}}, "kept") == "kept"


def test_values_in_their_order_are_told_again_and_nothing_is_kept_that_cannot_be_stored() -> None:
    one = json.loads(json.dumps(kept(said("There is no published process “%s”.") % "a\0b\ud800")))
    assert one["with"] == ["ab?"]
    two = kept(said("%s of %s") % ("1", 2))
    with override("ru"):
        assert told_again(one, "") == "Нет опубликованного процесса «ab?»."
        assert told_again(two, "") == "1 of 2"
