"""Reading goes on past letters that are not given out, and through whatever numbers the server has for them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from kniga.mailboxes import rounds
from kniga.mailboxes.models import Mailbox, ReceivedLetter
from kniga.mailboxes.services import update_mailbox
from kniga.people.models import Notice
from tests.mailboxes.conftest import NOW, Post, letter


def test_another_folder_may_number_its_letters_as_the_first_one_did(post: Post) -> None:
    post.take(letter())
    post.box.folder = "Other"
    update_mailbox(mailbox=post.mailbox, revision=1, given=post.settings(folder="Other"), by=None, now=NOW)
    post.box.letters.clear()
    post.box.next_uid = 1
    post.put(letter("From the other folder", id="2"))
    assert (post.read().trouble, ReceivedLetter.objects.filter(uid=1, uid_validity=7).count()) == ("", 2)
    post.box.renumber()
    post.put(letter("Third", id="3"))
    assert post.read().taken == 1
    post.box.uid_validity = 7
    post.put(letter("Fourth", id="4"))
    assert (post.read().taken, Mailbox.objects.get().failures) == (1, 0)


@pytest.mark.parametrize("how", ["refused", "bare"])
def test_a_letter_the_server_does_not_give_out_is_noted_and_those_behind_it_come(post: Post, how: str) -> None:
    uid = post.put(letter())
    post.put(letter("Second", id="2"))
    getattr(post.box, how).add(uid)
    assert [post.read().trouble for _round in range(4)] == ["fetch"] * 4
    assert ReceivedLetter.objects.count() == 0
    assert (post.read().trouble, Mailbox.objects.get().failures) == ("", 0)
    first, second = ReceivedLetter.objects.order_by("uid")
    assert (first.place, first.why, first.uid) == ("unsorted", "not_given", uid)
    assert (second.body, second.place) == ("Second", "deal")
    assert Notice.objects.filter(url=f"/letters/{first.pk}/").count() == 1


def test_a_line_that_breaks_again_and_again_is_no_fault_of_the_letter_unless_it_lasts(post: Post) -> None:
    post.put(letter())
    post.box.breaking = 20
    assert {post.read().trouble for _round in range(8)} == {"broken_off"}
    for _pause in range(3):
        Mailbox.objects.update(next_at=NOW)
        assert post.read().trouble == "broken_off"
    assert (post.read().trouble, ReceivedLetter.objects.get().why) == ("", "not_given")


def test_a_letter_that_has_gone_meanwhile_is_passed_and_one_without_a_body_is_kept(post: Post) -> None:
    post.box.gone.add(post.put(letter()))
    empty = post.put(b"")
    assert (post.read().trouble, Mailbox.objects.get().last_uid) == ("", empty)
    assert [kept.uid for kept in ReceivedLetter.objects.all()] == [empty]


def test_what_the_database_refuses_is_trouble_and_not_silence(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_given: object) -> None:
        raise IntegrityError("no")

    monkeypatch.setattr(rounds, "take_letter", refused)
    post.put(letter())
    assert (post.read().trouble, Mailbox.objects.get().failures) == ("inside", 1)


def test_word_of_flags_a_server_gives_unasked_is_not_taken_for_the_letter(post: Post) -> None:
    post.box.chatty = True
    assert not post.take(letter()).is_cut


def test_a_change_during_a_round_keeps_its_own_time_of_reading(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def changing(**given: Any) -> None:
        update_mailbox(mailbox=post.mailbox, revision=1, given=post.settings(name="New"), by=None, now=NOW)

    monkeypatch.setattr(rounds, "take_letter", changing)
    post.put(letter())
    post.read()
    assert Mailbox.objects.get().next_at == NOW
