"""The job worker: `python -m kniga.runtime.worker`.

Jobs are rows in the same database (procrastinate). Capabilities declare theirs in `jobs.py`, the sweep of due
timers among them; this program only runs them and takes up jobs that a killed worker left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os

logger = logging.getLogger("kniga.worker")
STALLED_SWEEP_SECONDS = 15.0
STALLED_AFTER_SECONDS = 30.0


def main() -> None:
    """Run until SIGTERM; jobs under way get ten seconds to end."""
    import django

    os.environ.setdefault("KNIGA_PROCESS", "kniga-worker")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kniga.config.settings")
    django.setup()
    asyncio.run(_run())


async def _run() -> None:
    from procrastinate import App
    from procrastinate.contrib.django import app as shared
    from procrastinate.contrib.django.django_connector import DjangoConnector

    connector = shared.connector
    assert isinstance(connector, DjangoConnector)
    with shared.replace_connector(connector.get_worker_connector()) as app:
        assert isinstance(app, App)
        async with app.open_async():
            beside = [asyncio.create_task(_take_up_stalled(app)), *_companions()]
            try:
                await app.run_worker_async(
                    name=f"kniga-{os.getpid()}",
                    concurrency=2,
                    shutdown_graceful_timeout=10,
                    stalled_worker_timeout=STALLED_AFTER_SECONDS,
                )
            finally:
                for task in beside:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task


def _companions() -> list[asyncio.Task[None]]:
    """What capabilities run beside their jobs: the `companion` of their app, if it has one."""
    from django.apps import apps

    found = [getattr(config, "companion", None) for config in apps.get_app_configs()]
    return [asyncio.create_task(companion()) for companion in found if companion is not None]


async def _take_up_stalled(app: object) -> None:
    """Put jobs whose worker was killed back into the queue; each is written to be run twice without harm."""
    from procrastinate import App

    assert isinstance(app, App)
    while True:
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS)
        for job in stalled:
            logger.warning("job %s (%s) lost its worker; it runs again", job.id, job.task_name)
            await app.job_manager.retry_job(job)
        await asyncio.sleep(STALLED_SWEEP_SECONDS)


if __name__ == "__main__":
    main()
