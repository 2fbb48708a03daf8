"""A version waits for its moment; what forbids it then is told to whoever set it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import DataError

from kniga.people.models import Notice, User
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.background import pump
from kniga.processes.background.pump import run_due
from kniga.processes.background.sweeping import nearest_due
from kniga.processes.drafts.draft_checking import check_draft
from kniga.processes.drafts.drafting import draft_from_file, publish_draft
from kniga.processes.models import Draft, ProcessVersion
from kniga.processes.versions import scheduling
from kniga.processes.versions.publishing import BookRefused, publish_version, upload_version
from kniga.processes.versions.scheduling import cancel_publishing, publish_scheduled, schedule_publishing
from tests.processes.books import book
from tests.processes.conftest import NOW, SMALL_SALE, Department
from tests.processes.test_process_command import STUCK

NEXT = SMALL_SALE.replace(b"Make an offer", b"Make a good offer")
NIGHT = NOW + timedelta(hours=12)


def waiting(department: Department) -> ProcessVersion:
    version = upload_version(xml=NEXT, note="", by=None, now=NOW)
    return schedule_publishing(version_id=version.pk, at=NIGHT, by=department.head, now=NOW, note="At night")


def kinds() -> list[str]:
    found = Event.objects.filter(kind__startswith="processes.version").order_by("-id").values_list("kind", flat=True)
    return list(found)


def test_a_version_is_published_at_its_moment_and_not_before(department: Department) -> None:
    version = waiting(department)
    assert nearest_due() == NIGHT and kinds()[0] == "processes.version.scheduled"
    assert publish_scheduled(now=NIGHT - timedelta(seconds=1)) == 0
    run_due(now=NIGHT)
    version.refresh_from_db()
    assert (version.status, version.published_at, version.published_by) == ("published", NIGHT, department.head)
    assert (version.publish_at, version.note, nearest_due()) == (None, "At night", None)
    assert ProcessVersion.objects.get(number=1).status == "retired"
    assert not Notice.objects.exclude(kind="book").exists()


def test_a_draft_can_be_published_at_a_moment(department: Department) -> None:
    draft = draft_from_file(xml=NEXT, by=department.head, now=NOW)
    version = publish_draft(draft_id=draft.pk, revision=1, note="", at=NIGHT, by=department.head, now=NOW)
    assert (version.publish_at, version.status) == (NIGHT, "checked")
    assert Draft.objects.get().closed_at == NOW


def test_what_forbids_it_at_its_moment_is_told_and_nothing_is_published(department: Department) -> None:
    version = waiting(department)
    department.head.role, department.head.language = "rep", "en"
    department.head.save()
    assert publish_scheduled(now=NIGHT) == 1
    version.refresh_from_db()
    assert (version.status, version.publish_at) == ("checked", None)
    notice = Notice.objects.exclude(kind="book").get()
    assert notice.user == department.head and "Small sale" in notice.title and "head of sales" in notice.body
    assert notice.url == "/processes/small_sale/2/" and kinds()[0] == "processes.version.not_published"
    assert publish_scheduled(now=NIGHT) == 0


def test_of_a_closed_account_those_hear_who_may_publish_instead(department: Department) -> None:
    version = waiting(department)
    User.objects.filter(pk=department.head.pk).update(is_active=False)
    boss = User.objects.create_user("boss@example.com", name="Boss", role="owner", language="ru")
    assert publish_scheduled(now=NIGHT) == 1
    version.refresh_from_db()
    assert (version.status, version.publish_at) == ("checked", None)
    notice = Notice.objects.exclude(kind="book").get()
    assert notice.user == boss and "не опубликована" in notice.title
    assert "Hanna" in notice.body and "закрыта" in notice.body
    second = User.objects.create_user("second@example.com", name="Second", role="head", language="en")
    schedule_publishing(version_id=version.pk, at=NIGHT, by=second, now=NOW)
    User.objects.filter(pk=second.pk).update(is_active=False)
    third = User.objects.create_user("third@example.com", name="Third", role="head", language="en")
    publish_scheduled(now=NIGHT)
    assert Notice.objects.latest("id").user == third and "Second" in Notice.objects.latest("id").body


def test_it_can_be_called_off_and_set_anew(department: Department) -> None:
    version = waiting(department)
    later = schedule_publishing(version_id=version.pk, at=NIGHT + timedelta(hours=1), by=department.head, now=NOW)
    assert (later.publish_at, later.note) == (NIGHT + timedelta(hours=1), "At night")
    cancel_publishing(version_id=version.pk, by=department.head, now=NOW)
    assert nearest_due() is None and kinds()[0] == "processes.version.unscheduled"
    with pytest.raises(Refused):
        cancel_publishing(version_id=version.pk, by=department.head, now=NOW)
    assert publish_scheduled(now=NIGHT) == 0


def test_publishing_by_hand_is_enough(department: Department) -> None:
    version = waiting(department)
    publish_version(version_id=version.pk, by=department.head, now=NOW)
    assert publish_scheduled(now=NIGHT) == 0


def test_what_cannot_be_published_is_not_scheduled(department: Department) -> None:
    stuck = upload_version(xml=STUCK, note="", by=None, now=NOW)
    with pytest.raises(BookRefused):
        schedule_publishing(version_id=stuck.pk, at=NIGHT, by=department.head, now=NOW)
    version = upload_version(xml=NEXT, note="", by=None, now=NOW)
    for at in (NOW, NOW - timedelta(days=1), NOW + timedelta(days=400)):
        with pytest.raises(Refused) as refused:
            schedule_publishing(version_id=version.pk, at=at, by=department.head, now=NOW)
        assert refused.value.field == "at"
    published = ProcessVersion.objects.get(process__key="small_sale", number=1)
    with pytest.raises(Refused):
        schedule_publishing(version_id=published.pk, at=NIGHT, by=department.head, now=NOW)
    with pytest.raises(Refused):
        schedule_publishing(version_id=version.pk, at=NIGHT, by=department.rep, now=NOW)
    with pytest.raises(NotVisible):
        schedule_publishing(version_id=0, at=NIGHT, by=department.head, now=NOW)


@pytest.mark.parametrize(("old", "new"), [(b"Small sale", b"S" * 300), (b"Make an offer", b"T" * 301)])
def test_names_that_cannot_be_kept_are_told_before_anything_is_scheduled(
    department: Department, old: bytes, new: bytes
) -> None:
    xml = SMALL_SALE.replace(old, new)
    with pytest.raises(BookRefused) as refused:
        upload_version(xml=xml, note="", by=department.head, now=NOW)
    (problem,) = refused.value.problems
    assert problem.code == "too_long_name" and "Shorten" in problem.cure
    assert "too_long_name" in {one.code for one in check_draft(xml).errors}
    draft = draft_from_file(xml=xml, by=department.head, now=NOW)
    with pytest.raises(BookRefused):
        publish_draft(draft_id=draft.pk, revision=1, note="", by=department.head, now=NOW)
    assert ProcessVersion.objects.count() == 1


def test_a_version_that_breaks_is_told_and_holds_up_no_other(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, whole = waiting(department), scheduling.publish_version

    def breaking(*, version_id: int, **more: object) -> ProcessVersion:
        if version_id == version.pk:
            raise DataError("value too long")
        return whole(version_id=version_id, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(scheduling, "publish_version", breaking)
    other = upload_version(
        xml=book("other", '<startEvent id="a"/><endEvent id="b"/><flows>a -> b</flows>'), note="", by=None, now=NOW
    )
    schedule_publishing(version_id=other.pk, at=NIGHT, by=department.head, now=NOW)
    assert publish_scheduled(now=NIGHT) == 2 and publish_scheduled(now=NIGHT) == 0
    version.refresh_from_db()
    other.refresh_from_db()
    assert (version.status, version.publish_at, other.status) == ("checked", None, "published")
    notice = Notice.objects.exclude(kind="book").get()
    assert "value too long" not in notice.body and notice.body


def test_a_part_of_the_due_work_that_breaks_holds_up_no_other(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(*, now: datetime) -> int:
        raise ValueError("broken")

    waiting(department)
    monkeypatch.setattr(pump, "BEGINNINGS", (breaking, *pump.BEGINNINGS))
    with pytest.raises(ExceptionGroup) as group:
        run_due(now=NIGHT)
    assert [str(one) for one in group.value.exceptions] == ["broken"]
    assert ProcessVersion.objects.get(number=2).status == "published"


def test_a_newer_version_published_by_hand_calls_off_the_older(department: Department) -> None:
    older = waiting(department)
    newer = upload_version(xml=NEXT.replace(b"good offer", b"best offer"), note="", by=None, now=NOW)
    publish_version(version_id=newer.pk, by=department.head, now=NOW + timedelta(hours=1))
    notice = Notice.objects.exclude(kind="book").get()
    assert (notice.user, notice.url) == (department.head, "/processes/small_sale/2/") and "3" in notice.body
    run_due(now=NIGHT)
    older.refresh_from_db()
    assert (older.status, older.publish_at) == ("checked", None)
    assert ProcessVersion.objects.get(status="published", process__key="small_sale").number == 3
    # Going back to it knowingly is another matter.
    schedule_publishing(version_id=older.pk, at=NIGHT + timedelta(hours=2), by=department.head, now=NIGHT)
    assert publish_scheduled(now=NIGHT + timedelta(hours=2)) == 1
    older.refresh_from_db()
    assert older.status == "published"
