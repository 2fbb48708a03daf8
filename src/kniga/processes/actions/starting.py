"""Start another process for the same deal, beside the running one."""

from __future__ import annotations

from kniga.platform.errors import Refused
from kniga.platform.said import said as _
from kniga.processes.actions.doing import ActionFailed, Job, Results
from kniga.processes.models import ProcessVersion, VersionStatus
from kniga.processes.running.starting import deal_facts
from kniga.processes.running.stepping import begin_instance
from kniga.processes.versions.definitions import runnable_version


def start_beside(job: Job) -> Results:
    """Start the published version of the process named. Must run inside a transaction. Raises ActionFailed."""
    key = job.text("process")
    published = ProcessVersion.objects.filter(process__key=key, status=VersionStatus.PUBLISHED)
    version_id = published.values_list("pk", flat=True).first()
    if version_id is None:
        message = _("There is no published process “%s”.") % key
        raise ActionFailed(message, code="unknown_process", is_final=True)
    deal = deal_facts(job.deal_id, visible_to=None)
    assert deal is not None, "an instance has its deal"
    try:
        begin_instance(version=runnable_version(version_id), deal=deal, by=None, now=job.now, parent_id=job.instance_id)
    except Refused as refused:
        raise ActionFailed(refused.message, code=refused.code, is_final=True) from refused
    return {}
