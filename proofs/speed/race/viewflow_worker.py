"""django-viewflow: a task is completed as its own view wrapper does it.

That is: lock the process in a transaction, load the task, make its activation, start it, save the process with the
answer, execute. Who works is handed over as an object and the next task is told by a hook, so that neither costs a
statement.
"""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

from proofs.speed.race.worker import Engine, serve


def set_up() -> None:
    """Load Django under the settings of viewflow alone."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "proofs.speed.race.viewflow_settings"
    django.setup()


def prepare() -> None:
    """Make its tables, in a schema of their own, and the user who works."""
    set_up()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS viewflow")
    call_command("migrate", verbosity=0, interactive=False)
    User.objects.get_or_create(username="rep")


class Viewflow(Engine[tuple[int, int]]):
    """Handles are a process and its open task, as the address of the task's page names them."""

    def start(self, count: int) -> list[tuple[int, int]]:
        from proofs.speed.race.viewflow_flow import Sale

        for _number in range(count):
            Sale.start.run()
        return self._created()

    def complete(self, handle: tuple[int, int]) -> tuple[int, int]:
        from django.db import transaction
        from viewflow.workflow.models import Task

        from proofs.speed.race.viewflow_flow import Sale, rep

        process_id, task_id = handle
        with Sale.lock(process_id), transaction.atomic():
            task = Task.objects.get(pk=task_id)
            assert task.process.flow_class == Sale, "its wrapper looks whether the task is of this flow"
            activation = task.flow_task.activation_class(task)
            activation.start(SimpleNamespace(user=rep()))
            activation.process.data["outcome"] = "ok"
            activation.process.save()
            activation.execute()
        (created,) = self._created()
        return created

    def backend(self) -> int:
        from django.db import connection

        connection.ensure_connection()
        pid: int = connection.connection.info.backend_pid
        return pid

    def _created(self) -> list[tuple[int, int]]:
        from proofs.speed.race.viewflow_flow import created

        taken, created[:] = list(created), []
        return taken


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        prepare()
    else:
        set_up()
        serve(Viewflow())
