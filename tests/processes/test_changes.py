"""What changed between two versions, in the words a rep reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation

from kniga.engine import Definition, compile_bpmn
from kniga.processes.actions.names import KNOWN_ACTIONS
from kniga.processes.versions.publishing import BOOKS
from kniga.processes.wording.changes import Changes, StepChange, changes_between
from kniga.processes.wording.text_difference import Piece, text_difference

BOOK = (Path(BOOKS) / "inbound_sale.en.bpmn").read_text(encoding="utf-8")


def definition(text: str) -> Definition:
    return compile_bpmn(text.encode(), actions=KNOWN_ACTIONS)


def changes(*edits: tuple[str, str]) -> Changes:
    text = BOOK
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    with translation.override("en"):
        return changes_between(definition(BOOK), definition(text))


def first_step(found: Changes) -> StepChange:
    return found.stages[0].steps[0]


pytestmark = pytest.mark.django_db


def test_the_same_book_has_no_changes() -> None:
    assert changes().is_empty


def test_a_moved_picture_is_no_change() -> None:
    assert changes(('<dc:Bounds x="', '<dc:Bounds x="1')).is_empty


def test_a_longer_deadline_is_told_in_words() -> None:
    step = first_step(changes(('duration="PT30M"', 'duration="PT2H"')))
    (detail,) = step.details
    assert (step.name, step.fate, detail.kind) == ("Answer the request", "changed", "deadline")
    assert (detail.before, detail.after) == ("30 working minutes", "2 working hours")
    assert step.concerns_reps


def test_a_script_is_compared_word_by_word() -> None:
    step = first_step(changes(("Find out in two minutes", "Find out in five minutes")))
    (detail,) = step.details
    assert detail.kind == "script"
    assert Piece("removed", "two") in detail.pieces and Piece("added", "five") in detail.pieces
    assert any(piece.how == "gap" for piece in detail.pieces)


def test_a_renamed_step_is_the_same_step_and_leads_to_it_have_not_changed() -> None:
    step = first_step(changes(('name="Answer the request"', 'name="Call back at once"')))
    assert [(d.kind, d.before, d.after) for d in step.details] == [("name", "Answer the request", "Call back at once")]


def test_a_step_with_another_id_is_found_by_its_name() -> None:
    found = changes(("task_answer_late", "task_looked_into"))
    assert found.is_empty, found


def test_a_question_that_became_required_says_so() -> None:
    edit = ('label="What the client asks for" requiredFor="talked"', 'label="What the client asks for" required="true"')
    (detail,) = first_step(changes(edit)).details
    assert detail.kind == "question"
    assert (detail.before, detail.after) == (
        "What the client asks for (for: Talked)",
        "What the client asks for (always)",
    )


def test_who_does_it_and_what_it_pays_are_told_but_concern_the_rep_less() -> None:
    found = changes(
        ('assignee="owner" kniga:stage="request" kniga:price="2.00"', 'assignee="lead" kniga:stage="request"')
    )
    step = first_step(found)
    assert [detail.kind for detail in step.details] == ["who", "price"]
    assert not step.concerns_reps


def test_stages_are_told_with_the_process() -> None:
    found = changes(
        ('key="qualify" name="Qualification"', 'key="qualify" name="Need"'), ('"Inbound sale"', '"Requests"')
    )
    assert [(one.kind, one.before, one.after) for one in found.book] == [
        ("name", "Inbound sale", "Requests"),
        ("stage", "Qualification", "Need"),
    ]


def test_a_new_and_a_removed_step_are_counted() -> None:
    small = (Path(__file__).parent / "small_sale.bpmn").read_text(encoding="utf-8")
    with translation.override("en"):
        found = changes_between(definition(small), definition(BOOK))
    assert found.count("new") + found.count("changed") >= 8
    assert found.stages[-1].steps[-1].fate in ("removed", "new", "changed")


def test_a_text_that_has_nothing_to_do_with_the_old_one_is_shown_whole() -> None:
    assert text_difference("Call at nine.", "Send the signed contract by courier to them") == (
        Piece("removed", "Call at nine."),
        Piece("added", "Send the signed contract by courier to them"),
    )


def test_a_long_text_is_compared_in_bounded_time() -> None:
    old, new = "word " * 30_000, "other " * 30_000
    assert [piece.how for piece in text_difference(old, new)] == ["removed", "added"]


def test_lines_that_come_again_and_again_are_not_searched_through() -> None:
    old, new = "first\n" + "yes\nno\n" * 1500 + "last", "first\n" + "no\nno\nyes\n" * 1000 + "last"
    found = text_difference(old, new)
    assert [piece.how for piece in found] == ["same", "removed", "added", "same"]
    assert "".join(piece.text for piece in found if piece.how != "added") == old
    assert "".join(piece.text for piece in found if piece.how != "removed") == new


EVERYTHING = (Path(__file__).parents[1] / "engine" / "everything.bpmn").read_text(encoding="utf-8")


def changes_of_everything(old: str, new: str) -> Changes:
    assert old in EVERYTHING, old
    with translation.override("en"):
        return changes_between(definition(EVERYTHING), definition(EVERYTHING.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "kind", "before", "after"),
    [
        ('due="P2D"', 'due="P3D"', "control", "Too slow: 2 working days", "Too slow: 3 working days"),
        ('<kniga:control key="late" basis="deadline" whom="role:expert"/>', "", "control", "at the deadline", ""),
        ('<kniga:material kind="letter" template="hello"/>', "", "material", "hello (not in use)", ""),
        ('name="Late" attachedToRef="call_client"', 'name="Slow" attachedToRef="call_client"', "event", "Late", "Slow"),
        ('label="Wants"', 'label="Wishes"', "outcome", "Wants", "Wishes"),
    ],
)
def test_each_kind_of_change_of_a_step_is_told(old: str, new: str, kind: str, before: str, after: str) -> None:
    found = changes_of_everything(old, new)
    details = [one for stage in found.stages for step in stage.steps for one in step.details]
    assert any(one.kind == kind and before in one.before and after in one.after for one in details), details


def test_what_the_system_does_by_itself_is_told_apart() -> None:
    found = changes_of_everything('name="Draw up the proposal"', 'name="Draw up the contract"')
    assert [(one.before, one.after) for one in found.works] == [("Draw up the proposal", "Draw up the contract")]
    inside = changes_of_everything('name="template" value="proposal"', 'name="template" value="contract"')
    assert [(one.before, one.after) for one in inside.works] == [
        ("Draw up the proposal", "Draw up the proposal, in detail")
    ]


def test_the_condition_of_a_branch_is_told_as_a_sentence() -> None:
    book = (Path(BOOKS) / "b2b_sale.en.bpmn").read_text(encoding="utf-8")
    assert "20000" in book
    with translation.override("en"):
        found = changes_between(definition(book), definition(book.replace("20000", "50000")))
    (step,) = [step for stage in found.stages for step in stage.steps]
    (detail,) = step.details
    assert (step.name, detail.label) == ("Prepare the proposal", "“The proposal is ready” leads elsewhere")
    assert "more than 20,000" in detail.before and "more than 50,000" in detail.after
