"""The door to the database for programs that are not started by `kniga run`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from kniga.runtime.home import Home, current_home
from kniga.runtime.postgres import Cluster, Dsn

SETTINGS = "kniga.config.settings"


def cluster_of(home: Home) -> Cluster:
    """The embedded cluster of this home; not started."""
    return Cluster(home.postgres, record=home.placement_file)


@contextlib.contextmanager
def database(*, migrate: bool = True) -> Iterator[Dsn]:
    """Bring up Django on this home's database for the time of the block.

    Uses DATABASE_URL if it is set; else the embedded server, attaching to the running one or starting it, and
    stopping it at the end if nobody else uses it. With `migrate`, tables that are missing are made first.
    """
    home = current_home()
    with contextlib.ExitStack() as stack:
        address = os.environ.get("DATABASE_URL")
        if not address:
            address = stack.enter_context(cluster_of(home.prepare()))
        set_up_django(address, home)
        # Connections go before the server does.
        stack.callback(_close_connections)
        if migrate:
            _end_furnishing(address, home)
            migrate_if_needed()
        yield address


@contextlib.contextmanager
def furnishing_turn(address: Dsn) -> Iterator[None]:
    """Hold the turn to furnish this database for the time of the block; waits, and says so, while another has it.

    The turn ends with the process that holds it, however that ends."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        # A session lock: the number is the word "knigf" in ASCII.
        key = [0x6B6E696766]
        held = connection.execute("SELECT pg_try_advisory_lock(%s)", key).fetchone()
        if not (held and held[0]):
            sys.stderr.write("kniga: another command is furnishing this database; waiting for it\n")
            sys.stderr.flush()
            connection.execute("SELECT pg_advisory_lock(%s)", key)
        yield


def _end_furnishing(address: Dsn, home: Home) -> None:
    """From here on the database may hold somebody's work, so it is never started over (see `prepare`)."""
    if home.furnishing_file.exists():
        with furnishing_turn(address):
            home.furnishing_file.unlink(missing_ok=True)


def set_up_django(address: Dsn, home: Home) -> None:
    """Configure Django for `address` and load its applications (once per process)."""
    import django

    os.environ["DATABASE_URL"] = address
    os.environ.setdefault("KNIGA_HOME", str(home.root))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    # On a command line the command's own words matter; logs only where something is wrong.
    os.environ.setdefault("KNIGA_LOG_LEVEL", "WARNING")
    if "KNIGA_SECRET_KEY" not in os.environ:
        os.environ["KNIGA_SECRET_KEY"] = home.secret_key()
    django.setup()


def pending_migrations() -> list[str]:
    """Names of the migrations that this database has not seen."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def unknown_migrations() -> list[str]:
    """Names of migrations that this database has seen and this version does not know (it is older)."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    known = set(loader.disk_migrations) | set(loader.replacements)
    apps = {app for app, _ in known}
    return [f"{app}.{name}" for app, name in loader.applied_migrations if app in apps and (app, name) not in known]


def migrate_if_needed() -> int:
    """Apply what is pending; returns how many migrations ran. Two processes at once take turns."""
    from django.core.management import call_command
    from django.db import connection

    if not pending_migrations():
        return 0
    with connection.cursor() as cursor:
        # A session lock: the number is the word "kniga" in ASCII.
        cursor.execute("SELECT pg_advisory_lock(%s)", [0x6B6E696761])
    try:
        pending = len(pending_migrations())
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [0x6B6E696761])
    return pending


def folds_letters() -> bool:
    """Whether this database knows capital letters beyond ASCII: searching and conditions count on it. One with the
    character type "C" does not; the embedded one is made with C.UTF-8."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT lower('ЁŽ') = 'ёž'")
        return bool(cursor.fetchone()[0])


def is_new() -> bool:
    """Whether no version of Kniga has made its tables in this database yet."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NULL")
        return bool(cursor.fetchone()[0])


def empty_database() -> None:
    """Drop everything the database holds; only for one whose furnishing was interrupted."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()
