"""Drafts: begun in four ways, saved by several people, published, discarded; nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import gettext, override

from kniga.engine.bpmn.joining import written
from kniga.engine.bpmn.reading import read_xml
from kniga.engine.bpmn.renaming import in_utf8
from kniga.people.models import Branch
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.diagrams.drawing import drawing_of
from kniga.processes.drafts import draft_keys, drafting
from kniga.processes.drafts.book_templates import book_templates, template_xml
from kniga.processes.drafts.draft_checking import check_draft, definition_of_draft
from kniga.processes.drafts.draft_queries import (
    discarded_drafts,
    draft_at,
    draft_catalog,
    draft_rows,
    draft_saves,
    editors_of,
    get_draft,
)
from kniga.processes.drafts.draft_saves import THINNED_EVERY
from kniga.processes.drafts.drafting import (
    DISCARDED_FOR,
    bring_back_draft,
    copy_of_version,
    discard_draft,
    draft_from_file,
    draft_from_scratch,
    draft_from_template,
    draft_of_version,
    note_presence,
    publish_draft,
    restore_revision,
    save_draft,
)
from kniga.processes.models import Draft, DraftSave, Process, ProcessVersion
from kniga.processes.services import start_process
from kniga.processes.versions.publishing import BookRefused
from tests.processes.books import decided_sale
from tests.processes.conftest import NOW, SMALL_SALE, Department

LATER = NOW + timedelta(minutes=1)
OTHER = SMALL_SALE.replace(b"Make an offer", b"Make a good offer")


def begun(department: Department, name: str = "Own sale") -> Draft:
    return draft_from_scratch(name=name, kind="sale", by=department.head, now=NOW)


def kinds() -> list[str]:
    return list(Event.objects.filter(kind__startswith="processes.draft").order_by("id").values_list("kind", flat=True))


def test_a_process_begun_from_nothing_can_be_published_at_once_and_runs(department: Department) -> None:
    draft = begun(department)
    checked = check_draft(bytes(draft.xml))
    assert (checked.verdict, checked.errors, draft.process_key) == ("sound", (), "own_sale")
    version = publish_draft(draft_id=draft.pk, revision=1, note="First", by=department.head, now=LATER)
    assert (version.status, version.process.key, version.note) == ("published", "own_sale", "First")
    start_process(deal_id=department.deal.pk, process_key="own_sale", by=department.rep, now=LATER)
    assert draft_rows(user=department.head) == ()
    assert kinds() == ["processes.draft.created", "processes.draft.published"]


def test_names_in_any_letters_make_keys_that_are_free(department: Department) -> None:
    assert begun(department, "Продажа «под ключ»").process_key == "prodazha_pod_klyuch"
    assert begun(department, "Small sale").process_key == "small_sale_2"
    assert begun(department, "Small sale").process_key == "small_sale_3"
    assert begun(department, "日本 & <x>").process_key == "x"
    assert begun(department, "日本").process_key == "process"
    assert b'name="\xe6\x97\xa5\xe6\x9c\xac &amp; &lt;x&gt;"' in bytes(Draft.objects.get(process_key="x").xml)


@pytest.mark.parametrize(("name", "kind"), [("", "sale"), ("a" * 201, "sale"), ("Sale", "nothing"), ("a\x00b", "sale")])
def test_a_process_needs_a_name_and_a_kind(department: Department, name: str, kind: str) -> None:
    with pytest.raises(Refused):
        draft_from_scratch(name=name, kind=kind, by=department.head, now=NOW)


def test_only_the_head_begins_drafts(department: Department) -> None:
    with pytest.raises(Refused):
        draft_from_scratch(name="Sale", kind="sale", by=department.rep, now=NOW)
    draft = begun(department)
    assert draft_rows(user=department.rep) == ()
    with pytest.raises(NotVisible):
        get_draft(user=department.rep, draft_id=draft.pk)


def test_editing_a_process_begins_one_draft_and_goes_on_with_it(department: Department) -> None:
    version = ProcessVersion.objects.get()
    draft = draft_of_version(version_id=version.pk, by=department.head, now=NOW)
    assert draft_of_version(version_id=version.pk, by=department.head, now=LATER).pk == draft.pk
    assert (draft.base_version, draft.process_key) == (version, "small_sale")
    row = get_draft(user=department.head, draft_id=draft.pk).row
    assert (row.published, row.updated_by) == (1, "Hanna")
    save_draft(draft_id=draft.pk, base_revision=1, xml=OTHER, by=department.head, now=LATER)
    published = publish_draft(draft_id=draft.pk, revision=2, note="", by=department.head, now=LATER)
    assert published.number == 2
    assert draft_of_version(version_id=version.pk, by=department.head, now=LATER).pk != draft.pk
    with pytest.raises(NotVisible):
        draft_of_version(version_id=0, by=department.head, now=LATER)


def test_a_copy_is_a_process_of_its_own(department: Department) -> None:
    version, branch = ProcessVersion.objects.get(), Branch.objects.get()
    draft = copy_of_version(
        version_id=version.pk, name="Small sale, Moscow", branch=branch, by=department.head, now=NOW
    )
    assert draft.process_key == "small_sale_moscow"
    made = publish_draft(draft_id=draft.pk, revision=1, note="", by=department.head, now=NOW)
    assert (made.process.branch, made.process.name) == (branch, "Small sale, Moscow")
    assert Process.objects.get(key="small_sale").branch is None
    everybodys = copy_of_version(version_id=version.pk, name="Trial", branch=None, by=department.head, now=NOW)
    assert everybodys.process_key == "trial"


def test_a_file_becomes_the_next_version_of_its_process_or_another_process(department: Department) -> None:
    first = draft_from_file(xml=OTHER, by=department.head, now=NOW)
    assert (first.process_key, first.base_version_id) == ("small_sale", ProcessVersion.objects.get().pk)
    second = draft_from_file(xml=OTHER, by=department.head, now=NOW)
    assert (second.process_key, second.base_version) == ("small_sale_2", None)
    assert b'id="small_sale_2"' in bytes(second.xml)
    named = draft_from_file(xml=OTHER, name="Renamed", branch=Branch.objects.get(), by=department.head, now=NOW)
    assert (named.process_key, named.name) == ("renamed_moscow", "Renamed")


def test_a_file_that_does_not_compile_is_taken_in_and_one_that_cannot_be_read_is_not(department: Department) -> None:
    script = SMALL_SALE.replace(b"userTask", b"scriptTask").replace(b'id="small_sale"', b'id="script"')
    draft = draft_from_file(xml=script, by=department.head, now=NOW)
    checked = check_draft(bytes(draft.xml))
    assert checked.verdict == "incomplete" and "not_supported" in {one.code for one in checked.errors}
    with pytest.raises(BookRefused):
        publish_draft(draft_id=draft.pk, revision=1, note="", by=department.head, now=NOW)
    assert Draft.objects.get(pk=draft.pk).closed_at is None and not Process.objects.filter(key="script").exists()
    for unreadable in (b"", b"not xml", b"<!DOCTYPE x><x/>", b"<x/>"):
        with pytest.raises(BookRefused):
            draft_from_file(xml=unreadable, by=department.head, now=NOW)
    empty = b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x"/>'
    assert draft_from_file(xml=empty, by=department.head, now=NOW).name


def test_the_decision_tables_of_a_draft_are_checked(db: None) -> None:
    checked = check_draft(decided_sale(("<= 100", "high"), (">= 100", "low"), ("null", "ask")))
    (overlap,) = checked.errors
    assert (checked.verdict, overlap.code, overlap.element) == ("unsound", "rows_overlap", "decide")
    with override("ru"):
        message, _cure = overlap.said(gettext, "ru")
    assert message == "Строки 1, 2 решения «Terms» подходят обе; например, когда Сумма сделки: 100."


def test_a_file_in_an_older_encoding_is_kept_in_utf8(department: Department) -> None:
    text = SMALL_SALE.decode().replace("UTF-8", "windows-1251").replace("Small sale", "Малая продажа")
    draft = draft_from_file(xml=text.encode("cp1251"), by=department.head, now=NOW)
    assert "Малая продажа" in bytes(draft.xml).decode() and b'encoding="UTF-8"' in bytes(draft.xml)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_book_of_the_gallery_is_shown_and_begins_a_process(department: Department, language: str) -> None:
    found = book_templates(language=language)
    assert [one.key for one in found][:2] == ["b2b_sale", "inbound_sale"]
    for one in found:
        assert one.name and one.purpose and one.stages and one.steps and one.drawing
        xml = template_xml(key=one.key, language=language)
        draft = draft_from_template(xml=xml, name="", by=department.head, now=NOW)
        assert (draft.process_key, draft.name) == (one.key, one.name)
        again = draft_from_template(xml=xml, name="Another", by=department.head, now=NOW)
        assert (again.process_key, again.name) == (f"{one.key}_2", "Another")
        assert check_draft(bytes(again.xml)).errors == ()
    with pytest.raises(NotVisible):
        template_xml(key="../secret", language=language)


def test_each_save_is_kept_and_the_ledger_is_told_once_in_ten_minutes(department: Department) -> None:
    draft = draft_from_file(xml=SMALL_SALE, by=department.head, now=NOW)
    saved = save_draft(draft_id=draft.pk, base_revision=1, xml=OTHER, by=department.head, now=NOW)
    assert (saved.revision, saved.is_merged) == (2, False)
    same = save_draft(draft_id=draft.pk, base_revision=2, xml=OTHER, by=department.head, now=NOW)
    assert same.revision == 2
    save_draft(draft_id=draft.pk, base_revision=2, xml=SMALL_SALE, by=department.head, now=LATER)
    assert kinds() == ["processes.draft.created", "processes.draft.saved"]
    save_draft(draft_id=draft.pk, base_revision=3, xml=OTHER, by=department.head, now=NOW + timedelta(minutes=20))
    assert kinds().count("processes.draft.saved") == 2
    assert list(DraftSave.objects.order_by("revision").values_list("revision", flat=True)) == [1, 2, 3, 4]


def test_a_save_keeps_the_bytes_of_what_the_designer_only_wrote_anew(department: Department) -> None:
    drawn = SMALL_SALE.replace(b"<process ", b"<!-- by hand --><process  ")
    draft = draft_from_file(xml=drawn, by=department.head, now=NOW)
    before, after = (written(read_xml(xml)) for xml in (SMALL_SALE, OTHER))
    saved = save_draft(draft_id=draft.pk, base_revision=1, xml=after, before=before, by=department.head, now=NOW)
    assert saved.xml == in_utf8(OTHER.replace(b"<process ", b"<!-- by hand --><process  "))
    again = save_draft(draft_id=draft.pk, base_revision=2, xml=before, before=after, by=department.head, now=NOW)
    assert again.xml == in_utf8(drawn)
    with pytest.raises(BookRefused):
        save_draft(draft_id=draft.pk, base_revision=3, xml=after, before=b"<x", by=department.head, now=NOW)


def kept(draft: Draft) -> list[int]:
    return list(draft.saves.order_by("revision").values_list("revision", flat=True))


def test_saves_are_kept_the_more_sparsely_the_older_they_are(department: Department) -> None:
    draft = begun(department)
    ages = (timedelta(days=9, hours=1), timedelta(days=9), timedelta(hours=3, minutes=1), timedelta(hours=3))
    ages += (timedelta(minutes=59), timedelta(minutes=58))
    draft.saves.all().delete()
    for place, age in enumerate(ages):
        DraftSave.objects.create(draft=draft, revision=place + 1, xml=OTHER, saved_at=LATER - age)
    Draft.objects.update(revision=THINNED_EVERY - 1)
    save_draft(draft_id=draft.pk, base_revision=THINNED_EVERY - 1, xml=OTHER, by=department.head, now=LATER)
    assert kept(draft) == [2, 4, 5, 6, THINNED_EVERY]
    discard_draft(draft_id=draft.pk, by=department.head, now=LATER)
    assert kept(draft) == [2, 4, 6, THINNED_EVERY]


def test_what_cannot_be_read_is_not_saved(department: Department) -> None:
    draft = begun(department)
    with pytest.raises(BookRefused):
        save_draft(draft_id=draft.pk, base_revision=1, xml=b"<broken", by=department.head, now=LATER)
    draft.refresh_from_db()
    assert draft.revision == 1


def test_who_else_has_a_draft_open_is_told(department: Department) -> None:
    draft = begun(department)
    note_presence(draft_id=draft.pk, by=department.head, now=NOW)
    assert editors_of(user=department.head, draft_id=draft.pk, now=NOW) == ()
    assert [
        one.name for one in editors_of(user=department.lead, draft_id=draft.pk, now=LATER - timedelta(seconds=1))
    ] == ["Hanna"]
    assert editors_of(user=department.lead, draft_id=draft.pk, now=LATER) == ()
    with pytest.raises(NotVisible):
        note_presence(draft_id=0, by=department.head, now=NOW)


def test_a_draft_changed_meanwhile_is_not_published(department: Department) -> None:
    draft = begun(department)
    save_draft(draft_id=draft.pk, base_revision=1, xml=SMALL_SALE, by=department.head, now=LATER)
    with pytest.raises(Conflict):
        publish_draft(draft_id=draft.pk, revision=1, note="", by=department.head, now=LATER)


def test_a_draft_is_published_under_its_key_whatever_its_file_calls_itself(department: Department) -> None:
    draft = begun(department)
    save_draft(draft_id=draft.pk, base_revision=1, xml=OTHER, by=department.head, now=LATER)
    version = publish_draft(draft_id=draft.pk, revision=2, note="", by=department.head, now=LATER)
    assert version.process.key == "own_sale"


def test_a_discarded_draft_is_closed_and_kept(department: Department) -> None:
    draft = discard_draft(draft_id=begun(department).pk, by=department.head, now=LATER)
    assert Draft.objects.get().closed_at == LATER
    for act in (lambda: discard_draft(draft_id=draft.pk, by=department.head, now=LATER),):
        with pytest.raises(NotVisible):
            act()
    assert begun(department).process_key == "own_sale"


def test_the_catalogue_names_what_there_is(department: Department) -> None:
    catalog = draft_catalog(user=department.head)
    assert [one.key for one in catalog.processes] == ["small_sale"]
    assert catalog.stages


def saved(draft: Draft, department: Department, title: bytes) -> None:
    xml = bytes(draft.xml).replace(b"Make an offer", title)
    save_draft(draft_id=draft.pk, base_revision=draft.revision, xml=xml, by=department.head, now=LATER)
    draft.refresh_from_db()


def test_every_state_is_kept_and_brought_back_by_a_revision_of_its_own(
    department: Department, django_assert_num_queries: Any
) -> None:
    draft = draft_from_file(xml=SMALL_SALE, by=department.head, now=NOW)
    first = bytes(draft.xml)
    saved(draft, department, b"Make a good offer")
    second = bytes(draft.xml)
    restore_revision(draft_id=draft.pk, revision=1, by=department.head, now=LATER)
    draft.refresh_from_db()
    assert (draft.revision, bytes(draft.xml)) == (3, first)
    with django_assert_num_queries(1):
        saves = draft_saves(user=department.head, draft_id=draft.pk)
    assert [(one.revision, one.saved_by) for one in saves] == [(at, department.head.name) for at in (3, 2, 1)]
    assert draft_at(user=department.head, draft_id=draft.pk, revision=2) == second
    restore_revision(draft_id=draft.pk, revision=3, by=department.head, now=LATER)
    assert kinds().count("processes.draft.restored") == 1, "the state it is in already is no change"


def test_states_are_for_whoever_changes_the_book_and_only_those_that_are_kept(department: Department) -> None:
    draft = begun(department)
    for attempt in (
        lambda: draft_saves(user=department.rep, draft_id=draft.pk),
        lambda: draft_at(user=department.rep, draft_id=draft.pk, revision=1),
        lambda: draft_at(user=department.head, draft_id=draft.pk, revision=2),
        lambda: restore_revision(draft_id=draft.pk, revision=2, by=department.head, now=LATER),
    ):
        with pytest.raises(NotVisible):
            attempt()


def test_a_discarded_draft_is_brought_back_within_thirty_days(department: Department) -> None:
    draft = begun(department)
    before = bytes(draft.xml)
    discard_draft(draft_id=draft.pk, by=department.head, now=NOW)
    (row,) = discarded_drafts(user=department.head, now=LATER)
    assert (row.id, row.name, row.discarded_by) == (draft.pk, "Own sale", department.head.name)
    assert discarded_drafts(user=department.rep, now=LATER) == ()
    too_late = NOW + DISCARDED_FOR
    assert discarded_drafts(user=department.head, now=too_late) == ()
    with pytest.raises(NotVisible):
        bring_back_draft(draft_id=draft.pk, by=department.head, now=too_late)
    bring_back_draft(draft_id=draft.pk, by=department.head, now=LATER)
    assert get_draft(user=department.head, draft_id=draft.pk).xml == before
    assert discarded_drafts(user=department.head, now=LATER) == ()
    assert kinds()[-1] == "processes.draft.brought_back"
    with pytest.raises(NotVisible):
        bring_back_draft(draft_id=draft.pk, by=department.head, now=LATER)


def test_a_draft_that_comes_back_never_pushes_another_aside(department: Department) -> None:
    version = ProcessVersion.objects.get()
    of_process = draft_of_version(version_id=version.pk, by=department.head, now=NOW)
    own = begun(department)
    for draft in (of_process, own):
        discard_draft(draft_id=draft.pk, by=department.head, now=NOW)
    draft_of_version(version_id=version.pk, by=department.head, now=LATER)
    with pytest.raises(Refused) as refused:
        bring_back_draft(draft_id=of_process.pk, by=department.head, now=LATER)
    assert refused.value.code == "other_draft"
    assert begun(department).process_key == "own_sale"
    back = bring_back_draft(draft_id=own.pk, by=department.head, now=LATER)
    assert back.process_key == "own_sale_2" and b'id="own_sale_2"' in bytes(back.xml)


def test_a_published_draft_is_not_among_the_discarded(department: Department) -> None:
    draft = begun(department)
    publish_draft(draft_id=draft.pk, revision=1, note="", by=department.head, now=NOW)
    assert discarded_drafts(user=department.head, now=LATER) == ()


def test_a_state_that_does_not_compile_is_drawn_by_its_tags() -> None:
    for template in book_templates(language="en"):
        xml = template_xml(key=template.key, language="en")
        definition = definition_of_draft(xml)
        assert definition is not None
        assert drawing_of(xml, None) == drawing_of(xml, definition) is not None
    assert definition_of_draft(b"<nothing") is None


def test_copies_of_a_process_with_a_long_key_are_processes_of_their_own(department: Department) -> None:
    keys = []
    for _turn in range(3):
        key = draft_keys.free_key("a" * 60)
        keys.append(key)
        xml = SMALL_SALE.replace(b"small_sale", key.encode())
        draft = draft_from_file(xml=xml, by=department.head, now=NOW)
        publish_draft(draft_id=draft.pk, revision=1, note="", by=department.head, now=NOW)
    assert len(set(keys)) == 3 and Process.objects.filter(key__in=keys).count() == 3


def test_a_key_somebody_takes_at_the_same_moment_is_numbered(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = draft_from_scratch(name="Twins", kind="sale", by=department.head, now=NOW)
    offered = iter(["twins", "twins_2"])
    monkeypatch.setattr(drafting, "free_key", lambda wanted: next(offered))
    second = draft_from_scratch(name="Twins", kind="sale", by=department.head, now=NOW)
    assert (first.process_key, second.process_key) == ("twins", "twins_2")
