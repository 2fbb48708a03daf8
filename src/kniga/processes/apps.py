from __future__ import annotations

from collections.abc import Awaitable

from django.apps import AppConfig


class ProcessesConfig(AppConfig):
    name = "kniga.processes"
    label = "processes"

    def companion(self) -> Awaitable[None]:
        """What runs beside the jobs in every worker: see `kniga.processes.background.pump`."""
        from kniga.processes.background.pump import run

        return run()
