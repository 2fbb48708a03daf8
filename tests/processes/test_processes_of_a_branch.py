"""A process of one branch is offered to, and runs, deals of that branch only."""

from __future__ import annotations

import pytest

from kniga.deals.models import Deal
from kniga.people.models import Branch, User
from kniga.platform.errors import Refused
from kniga.processes.background import self_starts
from kniga.processes.desk.deal_queries import startable_processes
from kniga.processes.drafts.drafting import copy_of_version, publish_draft
from kniga.processes.models import ProcessVersion
from kniga.processes.opening import open_deal
from kniga.processes.services import start_process
from tests.processes.conftest import NOW, Department


@pytest.fixture
def kazan(department: Department) -> User:
    """A rep of another branch, for which the small sale was copied."""
    Deal.objects.update(number=1000)
    branch = Branch.objects.create(name="Kazan")
    version = ProcessVersion.objects.get()
    draft = copy_of_version(version_id=version.pk, name="Kazan's sale", branch=branch, by=department.head, now=NOW)
    publish_draft(draft_id=draft.pk, revision=1, note="", by=department.head, now=NOW)
    return User.objects.create_user("kazan@example.com", name="Kamil", role="rep", branch=branch)


def keys(user: User) -> set[str]:
    return {one.key for one in startable_processes(user=user)}


def test_each_branch_is_offered_its_own_and_everybodys(department: Department, kazan: User) -> None:
    assert keys(kazan) == {"small_sale", "small_sale_kazan"} and keys(department.rep) == {"small_sale"}
    owner = User.objects.create_user("owner@example.com", name="Oleg", role="owner")
    assert keys(owner) == {"small_sale", "small_sale_kazan"}


def test_a_deal_of_another_branch_does_not_start_on_it(department: Department, kazan: User) -> None:
    assert open_deal(client=None, process_key="small_sale_kazan", by=kazan, now=NOW, name="Own")
    with pytest.raises(Refused) as refused:
        open_deal(client=None, process_key="small_sale_kazan", by=department.rep, now=NOW, name="Other")
    assert (refused.value.code, refused.value.field) == ("process_of_branch", "process")
    with pytest.raises(Refused):
        start_process(deal_id=department.deal.pk, process_key="small_sale_kazan", by=department.rep, now=NOW)


def test_what_begins_by_itself_passes_over_other_branches(department: Department, kazan: User) -> None:
    version = ProcessVersion.objects.get(process__key="small_sale_kazan")
    department.deal.pipeline = version.process.pipeline
    department.deal.save()
    assert not self_starts._idle_deals(version.pk, None).exists()
