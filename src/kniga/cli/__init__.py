"""The `kniga` command. Each command lives in a module of its own and is loaded only when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer

# name -> (module:attribute, help). The attribute is a function (one command) or a typer.Typer (a group).
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("kniga.cli.run:run", "Run Kniga in the foreground: database, web server, job worker."),
    "demo": ("kniga.cli.demo:app", "Fill the database with a made sales department."),
    "import": ("kniga.cli.imports:app", "Import clients, contacts, products, users and deals from files."),
    "funnel": ("kniga.cli.funnel:app", "Show the sales funnel."),
    "process": ("kniga.cli.process:app", "List, check and publish sales processes (BPMN files)."),
    "book": ("kniga.cli.book:app", "Write the sales book as a PDF or an HTML file."),
    "user": ("kniga.cli.user:app", "Create and list people who sign in; set passwords and roles."),
    "organisation": ("kniga.cli.organisation:app", "Show and change the organisation's settings and days off."),
    "mailbox": ("kniga.cli.mailbox:app", "Set up and read mailboxes whose letters come to deals."),
    "token": ("kniga.cli.token:app", "Create, list and revoke keys of the REST API."),
    "backup": ("kniga.cli.backup:backup", "Write all data into one file."),
    "restore": ("kniga.cli.backup:restore", "Read a backup into an empty database."),
    "migrate": ("kniga.cli.database:migrate", "Bring the database's tables up to this version."),
    "prepare": ("kniga.cli.database:prepare", "Migrate, and furnish an empty database (kniga run does it)."),
    "doctor": ("kniga.cli.doctor:doctor", "Check that everything Kniga needs is there and works."),
    "shell": ("kniga.cli.database:shell", "Open a Python shell with everything loaded."),
}

EXIT_FAILED = 1
EXIT_NO_DATABASE = 3


def main() -> int:
    """Run the command named on the command line; returns its exit code.

    0 done, 1 refused or failed, 2 wrong usage, 3 the database cannot be reached.
    """
    try:
        build_app(_chosen(sys.argv[1:]))(prog_name="kniga")
    except Exception as error:
        code = _exit_code(error)
        if code is None:
            raise
        print(f"kniga: {error}", file=sys.stderr)
        return code
    return 0


def _exit_code(error: Exception) -> int | None:
    """The code for an error that people can cure; None for a defect, which keeps its traceback."""
    # Compared by name: importing the classes would cost every `kniga --help` a quarter of a second.
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"ClusterError", "PlacementError", "OperationalError"}:
        return EXIT_NO_DATABASE
    if names & {"Refused", "NotVisible"}:
        return EXIT_FAILED
    return None


def build_app(chosen: str | None) -> typer.Typer:
    """The whole command line, with only the chosen command really loaded and the others as their help lines."""
    app = typer.Typer(
        name="kniga",
        help="Kniga: a CRM that executes the sales book. Data lives in KNIGA_HOME (var/ of the checkout by "
        "default); DATABASE_URL names another PostgreSQL than the embedded one.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_top)
    for name, (target, line) in COMMANDS.items():
        if name == chosen:
            _add(app, name, load(target), line)
        else:
            app.command(name, help=line)(_stub)
    return app


def load(target: str) -> Callable[..., Any] | typer.Typer:
    """The function or group that `module:attribute` names."""
    module, _, attribute = target.partition(":")
    loaded: Callable[..., Any] | typer.Typer = getattr(import_module(module), attribute)
    return loaded


def _add(app: typer.Typer, name: str, loaded: Callable[..., Any] | typer.Typer, line: str) -> None:
    if not isinstance(loaded, typer.Typer):
        app.command(name, help=line)(loaded)
        return
    commands = loaded.registered_commands
    if len(commands) == 1 and not loaded.registered_groups and loaded.registered_callback is None:
        # A group of one is that one: `kniga funnel`, not `kniga funnel funnel`.
        only = commands[0].callback
        assert only is not None
        app.command(name, help=line)(only)
    else:
        app.add_typer(loaded, name=name, help=line, no_args_is_help=loaded.registered_callback is None)


def _chosen(arguments: list[str]) -> str | None:
    return next((argument for argument in arguments if argument in COMMANDS), None)


def _top() -> None:
    """Options of the whole command would stand here."""


def _stub() -> None:
    """Stands for a command that is not the one called."""
