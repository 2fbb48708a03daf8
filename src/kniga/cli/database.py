"""`kniga migrate`, `kniga prepare`, `kniga shell`."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated, Any

import typer

from kniga.cli import COMMANDS, load
from kniga.cli.output import print_json, refuse
from kniga.runtime.home import current_home
from kniga.runtime.session import database, empty_database, folds_letters, furnishing_turn, is_new, migrate_if_needed

NO_LETTERS = "the database knows no capital letters beyond ASCII: searching would miss Cyrillic text"
LETTERS_CURE = "make one with LC_CTYPE 'C.UTF-8' (CREATE DATABASE … TEMPLATE template0 LC_CTYPE 'C.UTF-8')"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def migrate(as_json: AsJson = False) -> None:
    """Bring the database's tables up to this version."""
    with database(migrate=False):
        _look_at_letters()
        count = migrate_if_needed()
    if as_json:
        print_json({"migrated": count})
    else:
        print(f"{count} migrations applied" if count else "nothing to migrate")


def prepare(
    demo: Annotated[bool, typer.Option(help="Furnish an empty database with the demo department.")] = True,
    as_json: AsJson = False,
) -> None:
    """Migrate, and on a database without users make the demo department, or an administrator."""
    with database(migrate=False) as address, furnishing_turn(address):
        _start_over_if_interrupted(address)
        _look_at_letters()
        count = migrate_if_needed()
        sign_ins = _furnish_whole(demo, address) if _is_empty() else []
    if as_json:
        print_json({"migrated": count, "sign_ins": sign_ins})
        return
    for sign_in in sign_ins:
        print(f"{sign_in['role']}: {sign_in['email']}  {sign_in['password']}")


def _look_at_letters() -> None:
    """Refuse a new database that takes «Ё» and «ё» for strangers; of one in use it is told at every start."""
    if folds_letters():
        return
    told = f"{NO_LETTERS}; {LETTERS_CURE}"
    if is_new():
        refuse(told)
    print(f"kniga: {told}", file=sys.stderr, flush=True)


def shell() -> None:
    """A Python shell with Django set up and the models of all capabilities at hand."""
    import code

    with database():
        from django.apps import apps

        names: dict[str, Any] = {model.__name__: model for model in apps.get_models()}
        code.interact(banner=f"Kniga at {current_home().root}", local=names, exitmsg="")


def _is_empty() -> bool:
    from kniga.people.models import User

    return not User.objects.exists()


def _start_over_if_interrupted(address: str) -> None:
    """Empty a database whose furnishing was killed half-way: nobody has worked in it yet."""
    marker = current_home().furnishing_file
    if marker.exists() and marker.read_text() == address:
        print("kniga: furnishing was interrupted; starting over", file=sys.stderr, flush=True)
        empty_database()


def _furnish_whole(demo: bool, address: str) -> list[dict[str, str]]:
    marker = current_home().prepare().furnishing_file
    marker.write_text(address)
    sign_ins = _furnish(demo)
    marker.unlink(missing_ok=True)
    return sign_ins


def _furnish(demo: bool) -> list[dict[str, str]]:
    """Sign-ins of what was made: name, role, email, password."""
    if demo:
        try:
            module = load(COMMANDS["demo"][0].partition(":")[0] + ":furnish")
        except ImportError:
            return [_administrator()]
        assert not isinstance(module, typer.Typer)
        print("kniga: making the demo department", file=sys.stderr, flush=True)
        made: list[dict[str, str]] = module()
        return made
    return [_administrator()]


def _administrator() -> dict[str, str]:
    """The first user, and the sales books that ship with Kniga, so that there is something to sell by."""
    from django.conf import settings

    from kniga.people.roles import Role
    from kniga.people.services import create_user
    from kniga.platform import clock
    from kniga.processes.versions.publishing import install_books

    install_books(language=settings.LANGUAGE_CODE, by=None, now=clock.now())
    password = secrets.token_urlsafe(9)
    email, name = "admin@kniga.local", "Administrator"
    create_user(email=email, name=name, role=Role.ADMINISTRATOR, password=password, by=None, now=clock.now())
    return {"name": name, "role": Role.ADMINISTRATOR.value, "email": email, "password": password}
