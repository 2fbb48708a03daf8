"""A version's life: draft, checked, published, retired; what was published never changes."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from kniga.people.models import User
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.models import Instance, ProcessVersion
from kniga.processes.services import start_process
from kniga.processes.versions.checking import check_of
from kniga.processes.versions.publishing import (
    BookRefused,
    check_version,
    publish_version,
    retire_version,
    upload_version,
)
from tests.processes.conftest import NOW, SMALL_SALE, Department
from tests.processes.test_process_command import STUCK

CHANGED = SMALL_SALE.replace(b"Make an offer", b"Make a good offer")


def upload(xml: bytes = CHANGED) -> ProcessVersion:
    return upload_version(xml=xml, note="", by=None, now=NOW)


def test_a_check_is_kept_with_the_version(department: Department) -> None:
    version = check_version(version_id=upload().pk, by=department.head, now=NOW)
    version.refresh_from_db()
    assert (version.status, version.verdict, version.checked_at) == ("checked", "sound", NOW)
    assert version.check_seconds is not None
    checked = check_of(version)
    assert (checked.is_kept, checked.verdict) == (True, "sound")
    assert Event.objects.filter(kind="processes.version.checked").count() == 2


def test_what_is_not_sound_is_kept_with_its_path_and_never_published(department: Department) -> None:
    version = check_version(version_id=upload(STUCK).pk, by=None, now=NOW)
    assert (version.status, version.verdict) == ("draft", "unsound")
    stuck = next(problem for problem in check_of(version).errors if problem.element == "j")
    assert stuck.path[0] == "s"
    with pytest.raises(BookRefused):
        publish_version(version_id=version.pk, by=None, now=NOW)
    version.refresh_from_db()
    assert version.status == "draft"


def test_publishing_checks_what_nobody_has_checked(department: Department) -> None:
    version = publish_version(version_id=upload().pk, by=None, now=NOW)
    assert (version.status, version.verdict) == ("published", "sound")
    first = ProcessVersion.objects.get(number=1, process=version.process)
    assert (first.status, first.retired_at) == ("retired", NOW)


def test_a_version_of_before_the_checks_is_checked_when_asked(department: Department) -> None:
    version = ProcessVersion.objects.get()
    ProcessVersion.objects.update(verdict="", problems=[])
    version.refresh_from_db()
    checked = check_of(version)
    assert (checked.is_kept, checked.verdict) == (False, "sound")


def test_a_retired_version_starts_nothing_and_keeps_what_runs(department: Department) -> None:
    start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=NOW)
    version = ProcessVersion.objects.get()
    retire_version(version_id=version.pk, reason="season is over", by=department.head, now=NOW)
    assert Instance.objects.get().status == "running"
    Instance.objects.update(status="cancelled")
    with pytest.raises(Refused) as refused:
        start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=NOW)
    assert refused.value.code == "unknown_process"
    with pytest.raises(Refused):
        retire_version(version_id=version.pk, by=None, now=NOW)
    again = publish_version(version_id=version.pk, by=None, now=NOW)
    assert (again.status, again.retired_at) == ("published", None)


@pytest.mark.parametrize("status", ["published", "retired"])
@pytest.mark.parametrize(
    "change",
    [{"xml": b"<x/>"}, {"checksum": "0"}, {"number": 7}, {"status": "draft"}, {"status": "checked"}],
    ids=lambda change: next(iter(change)),
)
def test_what_was_published_never_changes(department: Department, status: str, change: dict[str, object]) -> None:
    ProcessVersion.objects.update(status=status)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProcessVersion.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProcessVersion.objects.all().delete()


def test_a_draft_may_change_and_go(department: Department) -> None:
    draft = upload()
    ProcessVersion.objects.filter(pk=draft.pk).update(xml=STUCK)
    draft.delete()
    assert ProcessVersion.objects.count() == 1


def test_only_the_head_checks_and_retires(department: Department) -> None:
    rep: User = department.rep
    version = ProcessVersion.objects.get()
    for act in (check_version, retire_version):
        with pytest.raises(Refused) as refused:
            act(version_id=version.pk, by=rep, now=NOW)
        assert refused.value.code == "not_allowed"
        with pytest.raises(NotVisible):
            act(version_id=0, by=None, now=NOW)
