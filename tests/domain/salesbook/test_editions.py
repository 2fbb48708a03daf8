"""Editions follow the published versions; people confirm them, and the head sees who has not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kniga.people.models import Branch, Notice, User
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.sqlparts import rows_of
from kniga.processes.versions.publishing import install_books, publish_version, retire_version, upload_version
from kniga.salesbook.models import BookEdition
from kniga.salesbook.queries import changes_since, chapters_of, editions_for, get_edition
from kniga.salesbook.readers import last_read, owed_edition, readers_for
from kniga.salesbook.services import confirm_reading, keep_edition, remind_readers
from tests.processes.conftest import NOW, SMALL_SALE, Department, department

__all__ = ["department"]

LATER = NOW + timedelta(days=3)
RENAMED = SMALL_SALE.replace(b'name="Call the client"', b'name="Ring the client"')


def publish_renamed() -> None:
    version = upload_version(xml=RENAMED, note="", by=None, now=LATER)
    publish_version(version_id=version.pk, by=None, now=LATER)


def kinds() -> list[str]:
    sql = "SELECT kind FROM platform_event WHERE kind LIKE 'salesbook.%%' ORDER BY at, id"
    return [kind for (kind,) in rows_of(sql, [])]


def test_publishing_makes_an_edition_and_the_same_versions_make_none(department: Department) -> None:
    (edition,) = editions_for(user=department.rep)
    assert (edition.number, edition.processes) == (1, (("Small sale", 1),))
    keep_edition(by=None, now=LATER)
    assert BookEdition.objects.count() == 1
    publish_renamed()
    assert [(one.number, one.processes[0][1]) for one in editions_for(user=department.rep)] == [(2, 2), (1, 1)]
    assert kinds() == ["salesbook.edition.made", "salesbook.edition.made"]


def test_books_installed_together_make_one_edition(db: None) -> None:
    install_books(language="en", by=None, now=NOW)
    assert BookEdition.objects.count() == 1


def test_retiring_the_last_process_makes_an_empty_edition(department: Department) -> None:
    version_id = department.pipeline.processes.get().versions.get().pk
    retire_version(version_id=version_id, by=None, now=LATER)
    assert get_edition(user=department.rep).processes == ()
    (gone,) = changes_since(user=department.rep, before=1, after=2)
    assert (gone.fate, gone.name) == ("gone", "Small sale")


def test_a_refused_publishing_makes_no_edition(department: Department) -> None:
    xml = SMALL_SALE.replace(b'kniga:kind="sale">', b'kniga:kind="sale"><task id="alone" name="Alone"/>', 1)
    assert xml != SMALL_SALE
    version = upload_version(xml=xml, note="", by=None, now=LATER)
    with pytest.raises(Refused):
        publish_version(version_id=version.pk, by=None, now=LATER)
    assert BookEdition.objects.count() == 1


def test_everybody_who_works_by_the_book_is_told_of_a_new_edition(department: Department) -> None:
    Notice.objects.all().delete()
    publish_renamed()
    told = set(Notice.objects.values_list("user_id", flat=True))
    assert told == {department.rep.pk, department.other.pk, department.lead.pk}


def test_confirming_is_kept_once_and_told_to_the_ledger(department: Department) -> None:
    rep = department.rep
    assert owed_edition(user=rep) == 1 and last_read(user=rep) is None
    first = confirm_reading(number=1, by=rep, now=LATER)
    again = confirm_reading(number=1, by=rep, now=LATER + timedelta(hours=1))
    assert first.pk == again.pk and again.at == LATER
    assert owed_edition(user=rep) is None and last_read(user=rep) == 1
    assert kinds().count("salesbook.edition.read") == 1
    with pytest.raises(NotVisible):
        confirm_reading(number=7, by=rep, now=LATER)


def test_a_new_edition_is_owed_again_and_shows_what_changed_since(department: Department) -> None:
    confirm_reading(number=1, by=department.rep, now=NOW)
    publish_renamed()
    assert owed_edition(user=department.rep) == 2
    (change,) = changes_since(user=department.rep, before=1, after=2)
    assert change.changes is not None and change.changes.count("changed") == 1
    row = next(one for one in readers_for(user=department.head) if one.id == department.rep.pk)
    assert (row.edition, row.read_at, row.owes_since, row.has_read) == (1, NOW, LATER, False)


def test_the_head_owes_nothing_and_sees_everybody_who_does(department: Department) -> None:
    assert owed_edition(user=department.head) is None
    assert {row.name for row in readers_for(user=department.head)} == {"Roman", "Olga", "Lena"}
    assert "Olga" not in {row.name for row in readers_for(user=department.lead)}


def test_a_reminder_goes_to_those_who_have_not_read(department: Department) -> None:
    confirm_reading(number=1, by=department.rep, now=NOW)
    Notice.objects.all().delete()
    assert remind_readers(by=department.head, now=LATER) == 2
    assert department.rep.pk not in Notice.objects.values_list("user_id", flat=True)
    with pytest.raises(Refused):
        remind_readers(by=department.rep, now=LATER)


def test_a_process_of_another_branch_is_no_chapter_of_ones_book(department: Department) -> None:
    elsewhere = Branch.objects.create(name="Elsewhere")
    xml = SMALL_SALE.replace(b'id="small_sale"', b'id="their_sale"').replace(b'name="Small sale"', b'name="Their sale"')
    version = upload_version(xml=xml, note="", by=None, now=LATER, branch=elsewhere)
    publish_version(version_id=version.pk, by=None, now=LATER)
    stranger = User.objects.create_user("s@example.com", name="Sue", role="rep", branch=elsewhere)
    owner = User.objects.create_user("o@example.com", name="Otto", role="owner")
    seen = {one: [source.process for source in chapters_of(user=one, edition=2)] for one in (stranger, owner)}
    assert seen == {stranger: ["small_sale", "their_sale"], owner: ["small_sale", "their_sale"]}
    assert [source.process for source in chapters_of(user=department.rep, edition=2)] == ["small_sale"]


def test_what_changes_for_another_branch_alone_is_not_owed(department: Department) -> None:
    elsewhere = Branch.objects.create(name="Elsewhere")
    stranger = User.objects.create_user("s@example.com", name="Sue", role="rep", branch=elsewhere)
    for one in (department.rep, stranger):
        confirm_reading(number=1, by=one, now=NOW)
    xml = SMALL_SALE.replace(b'id="small_sale"', b'id="their_sale"')
    version = upload_version(xml=xml, note="", by=None, now=LATER, branch=elsewhere)
    publish_version(version_id=version.pk, by=None, now=LATER)
    assert (owed_edition(user=department.rep), owed_edition(user=stranger)) == (None, 2)
    assert [row.has_read for row in readers_for(user=department.rep)] == [True]
    assert set(Notice.objects.filter(title__contains="2").values_list("user_id", flat=True)) == {stranger.pk}
    publish_renamed()
    assert owed_edition(user=department.rep) == 3
