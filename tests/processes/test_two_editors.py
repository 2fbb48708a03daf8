"""Two people draw one process at once: nothing of either is lost, and whoever comes second is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kniga.engine import compile_bpmn
from kniga.engine.bpmn.editing import edit, set_name, set_script
from kniga.processes.drafts.drafting import DraftConflict, draft_from_file, save_draft
from kniga.processes.models import Draft, DraftSave
from tests.processes.conftest import NOW, SMALL_SALE, Department

LATER = NOW + timedelta(minutes=1)


def begun(department: Department) -> int:
    department.lead.role = "owner"
    department.lead.save()
    return draft_from_file(xml=SMALL_SALE, by=department.head, now=NOW).pk


def save(department: Department, draft: int, xml: bytes, *, who: str = "lead", **choices: str) -> bytes:
    by = getattr(department, who)
    chosen = {tuple(key.split("__")): side for key, side in choices.items()}
    return save_draft(draft_id=draft, base_revision=1, xml=xml, by=by, now=LATER, choices=chosen).xml  # type: ignore[arg-type]


def test_changes_of_two_people_are_joined(department: Department) -> None:
    draft = begun(department)
    save(department, draft, edit(SMALL_SALE, [set_name("offer", "Offer it")]), who="head")
    mine = edit(SMALL_SALE, [set_script("call", "Speak")])
    saved = save_draft(draft_id=draft, base_revision=1, xml=mine, by=department.lead, now=LATER)
    assert (saved.revision, saved.is_merged) == (3, True)
    steps = {task.id: task for task in compile_bpmn(saved.xml).user_tasks()}
    assert (steps["offer"].name, steps["call"].script) == ("Offer it", "Speak")
    assert bytes(Draft.objects.get().xml) == saved.xml


def test_what_was_saved_as_the_page_was_left_joins_nothing_when_it_is_sent_again(department: Department) -> None:
    draft, mine = begun(department), edit(SMALL_SALE, [set_name("offer", "Mine")])
    for _time in range(2):
        saved = save_draft(draft_id=draft, base_revision=1, xml=mine, by=department.head, now=LATER)
        assert (saved.revision, saved.is_merged) == (2, False)


def test_the_same_changed_by_two_is_told_and_nothing_is_saved(department: Department) -> None:
    draft = begun(department)
    save(department, draft, edit(SMALL_SALE, [set_name("offer", "Theirs")]), who="head")
    mine = edit(SMALL_SALE, [set_name("offer", "Mine"), set_script("call", "Speak")])
    with pytest.raises(DraftConflict) as conflict:
        save(department, draft, mine)
    told = conflict.value
    assert (told.revision, told.by, told.at) == (2, "Hanna", LATER)
    assert [(one.element, one.field, one.mine) for one in told.merged.differences if one.both] == [
        ("offer", "name", "Mine")
    ]
    assert DraftSave.objects.count() == 2
    saved = compile_bpmn(save(department, draft, mine, offer__name="theirs"))
    steps = {task.id: task for task in saved.user_tasks()}
    assert (steps["offer"].name, steps["call"].script) == ("Theirs", "Speak")


def test_a_page_that_was_open_for_too_long_is_asked_about_everything(department: Department) -> None:
    draft = begun(department)
    save(department, draft, edit(SMALL_SALE, [set_name("offer", "Theirs")]), who="head")
    DraftSave.objects.filter(revision=1).delete()
    with pytest.raises(DraftConflict) as conflict:
        save(department, draft, edit(SMALL_SALE, [set_name("call", "Mine")]))
    assert {one.element for one in conflict.value.merged.differences if one.both} == {"offer", "call"}


def test_what_i_deleted_does_not_come_back_unasked_when_the_base_is_forgotten(department: Department) -> None:
    draft = begun(department)
    save(department, draft, edit(SMALL_SALE, [set_name("offer", "Theirs")]), who="head")
    DraftSave.objects.filter(revision=1).delete()
    mine = SMALL_SALE.replace(b"<kniga:script>", b"<kniga:was>").replace(b"</kniga:script>", b"</kniga:was>")
    with pytest.raises(DraftConflict) as conflict:
        save(department, draft, mine)
    assert {one.field for one in conflict.value.merged.differences if one.both} >= {"script", "was", "name"}
