"""What every test may lean on: a throw-away PostgreSQL, the shared data sets, SQL snapshots."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import blocking_manager_key

from kniga.runtime.postgres import Cluster
from tests.sql_snapshots import SqlLog, record_sql

ROOT = Path(__file__).resolve().parents[1]
DSN_VARIABLE = "KNIGA_TEST_CLUSTER"
TEMPLATE = "kniga_template"


# The shared data sets.


def _shared_folder() -> Path | None:
    """The folder of shared data; a folder that is named but absent is an error, an unnamed one is not."""
    named = os.environ.get("KNIGA_SHARED_DATA")
    if named:
        if not Path(named).is_dir():
            raise pytest.UsageError(f"KNIGA_SHARED_DATA names {named}, which is no folder")
        return Path(named)
    beside = ROOT.parent / "shared" / "data"
    return beside if beside.is_dir() else None


@pytest.hookimpl(tryfirst=True)  # before -m looks at the markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker("browser")
    folder = _shared_folder()
    missing = {
        item: [name for mark in item.iter_markers("shared_data") for name in mark.args if not _has(folder, name)]
        for item in items
    }
    names = sorted({name for absent in missing.values() for name in absent})
    if names and os.environ.get("KNIGA_SHARED_DATA"):
        raise pytest.UsageError(f"KNIGA_SHARED_DATA lacks {', '.join(names)}")
    left_out = [item for item in items if missing[item]]
    items[:] = [item for item in items if not missing[item]]
    config.hook.pytest_deselected(items=left_out)


def _has(folder: Path | None, name: str) -> bool:
    return folder is not None and (folder / name).exists()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _shared_folder() is None:
        terminalreporter.write_line("left out: tests that need the shared data sets (../shared/data is not here)")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of shared data sets; mark the test with `shared_data("name")` too."""
    folder = _shared_folder()
    if folder is None:
        raise pytest.UsageError("mark tests that use shared_data with @pytest.mark.shared_data")
    return folder


# The database: one throw-away cluster per run, one database per worker, copied from a migrated template.


def pytest_configure(config: pytest.Config) -> None:
    """Under xdist the controller owns the cluster; its workers find the address in the environment."""
    if getattr(config.option, "numprocesses", None) and "PYTEST_XDIST_WORKER" not in os.environ:
        cluster = Cluster.temporary()
        os.environ[DSN_VARIABLE] = cluster.ensure_started()
        config.add_cleanup(cluster.stop)


@pytest.fixture(scope="session")
def test_cluster() -> Iterator[str]:
    """The address of this run's throw-away cluster."""
    inherited = os.environ.get(DSN_VARIABLE)
    if inherited:
        yield inherited
        return
    cluster = Cluster.temporary()
    yield cluster.ensure_started()
    cluster.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    test_cluster: str, django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> None:
    """Point Django at the cluster, and let the worker's database be a copy of the migrated template."""
    from django.db import connections
    from psycopg.conninfo import conninfo_to_dict

    where = conninfo_to_dict(test_cluster)
    database = connections["default"].settings_dict
    database.update(NAME=where["dbname"], USER=where["user"], HOST=where["host"], PORT="", PASSWORD="")
    with django_db_blocker.unblock(), _one_worker_at_a_time(test_cluster):
        _make_template()
    database["TEST"]["TEMPLATE"] = TEMPLATE


@contextmanager
def _one_worker_at_a_time(dsn: str) -> Iterator[None]:
    name = dsn.rpartition("=")[2].strip("/").replace("/", "-")
    with (Path(tempfile.gettempdir()) / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        Path(handle.name).unlink(missing_ok=True)


def _make_template() -> None:
    """Create and migrate the template, unless another worker has done so."""
    from django.core.management import call_command
    from django.db import connection

    own = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
        if cursor.fetchone():
            connection.close()
            return
        cursor.execute(f"CREATE DATABASE {TEMPLATE}_draft")
    _reopen(f"{TEMPLATE}_draft")
    call_command("migrate", verbosity=0, interactive=False)
    _reopen(own)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {TEMPLATE}_draft RENAME TO {TEMPLATE}")
    connection.close()


def _reopen(name: str) -> None:
    from django.db import connection

    connection.close()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()
    connection.settings_dict["NAME"] = name


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The worker's database goes with its throw-away cluster; dropping it first would only race with autovacuum."""
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """After a test that really commits, the worker's database is copied from the template again: what migrations
    seed is there for the next test, and nothing else is, be it a table Django knows or not."""
    yield
    if nextitem is not None and _commits(item):
        with item.config.stash[blocking_manager_key].unblock():
            _start_over()


def _commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    marked = mark is not None and bool(mark.kwargs.get("transaction") or mark.args[:1] == (True,))
    return marked or not {"transactional_db", "live_server"}.isdisjoint(getattr(item, "fixturenames", ()))


def _start_over() -> None:
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")


@pytest.fixture(autouse=True)
def _language_of_the_installation() -> None:
    """Each test begins in the default language and time zone, whatever the one before has read."""
    from django.utils import timezone, translation

    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def _known_organisation() -> None:
    """Processes read the organisation twice a minute; a test's statements must not depend on when."""
    from kniga.platform.models import Organisation
    from kniga.platform.organisation import keep_organisation

    keep_organisation(Organisation())


# SQL snapshots.


@pytest.fixture
def sql_log(db: None) -> Callable[[], Any]:
    """Record statements: `with sql_log() as log: ...`, then compare `log.shapes` or `len(log)`."""
    return record_sql


__all__ = ["SqlLog"]
