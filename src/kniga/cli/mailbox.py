"""`kniga mailbox`: mailboxes whose letters come to deals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from kniga.cli.output import print_json, print_rows, refuse
from kniga.runtime.session import database

if TYPE_CHECKING:
    from kniga.mailboxes.models import Mailbox
    from kniga.mailboxes.services import MailboxSettings

app = typer.Typer(no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[int, typer.Argument(help="The number of `kniga mailbox list`.")]
Password = Annotated[
    str,
    typer.Option(help="Asked for if it is not given.", envvar="KNIGA_MAILBOX_PASSWORD", prompt=True, hide_input=True),
]


@app.command("list")
def list_mailboxes(as_json: Json = False) -> None:
    """All mailboxes with how reading them goes."""
    with database():
        from kniga.mailboxes.models import Mailbox

        columns = ("id", "name", "address", "host", "folder", "is_active", "checked_at", "trouble", "trouble_said")
        rows = [dict(zip(columns, row, strict=True)) for row in Mailbox.objects.order_by("id").values_list(*columns)]
    print_rows(rows, as_json=as_json, empty="no mailbox yet: kniga mailbox add")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Its name; the source of new clients and deals.")],
    address: Annotated[str, typer.Argument(help="Its e-mail address.")],
    host: Annotated[str, typer.Argument(help="Mail server.")],
    login: Annotated[str, typer.Argument(help="User there.")],
    owner: Annotated[str, typer.Option(help="E-mail of the person who gets the letters of strangers.")],
    password: Password,
    port: Annotated[int, typer.Option(help="Port.")] = 993,
    security: Annotated[str, typer.Option(help="tls, starttls or none.")] = "tls",
    folder: Annotated[str, typer.Option(help="Folder.")] = "INBOX",
    process: Annotated[str, typer.Option(help="Key of the process that letters of strangers begin.")] = "",
    message: Annotated[str, typer.Option(help="Message under which letters go to processes.")] = "client_letter",
) -> None:
    """Set up a mailbox; its letters are read from now on."""
    with database():
        from kniga.mailboxes.services import MailboxSettings, create_mailbox
        from kniga.people.models import User
        from kniga.platform import clock
        from kniga.platform.errors import Refused

        given = MailboxSettings(
            name, address, host, login, password, port, security, folder, process,
            User.objects.filter(email__iexact=owner).first(), message,
        )  # fmt: skip
        try:
            made = create_mailbox(given=given, by=None, now=clock.now())
        except Refused as refusal:
            refuse("; ".join(f"{one.field}: {one.message}" for one in (refusal, *refusal.also)))
        print(f"mailbox {made.pk} is read from now on; kniga mailbox try {made.pk} opens it")


@app.command("try")
def try_to_open(mailbox_id: Id) -> None:
    """Open a mailbox and count its letters; read none."""
    with database():
        from kniga.mailboxes.services import try_mailbox

        mailbox = _find(mailbox_id)
        tried = try_mailbox(given=_settings(mailbox), mailbox=mailbox, by=None)
        if tried.trouble is not None:
            refuse(f"{tried.trouble.cause} {tried.trouble.cure}" + (f" ({tried.said})" if tried.said else ""))
        print(f"it opens; letters in {mailbox.folder}: {tried.count}")


@app.command()
def read(mailbox_id: Id, as_json: Json = False) -> None:
    """Read the new letters of a mailbox, one round."""
    with database():
        from kniga.mailboxes.rounds import read_round
        from kniga.mailboxes.troubles import trouble_of
        from kniga.platform import clock

        _find(mailbox_id)
        done = read_round(mailbox_id=mailbox_id, clock=clock.now)
        if as_json:
            print_json(
                {"taken": done.taken, "looked_at": done.looked_at, "more": done.is_more, "trouble": done.trouble}
            )
        elif not done.trouble:
            print(f"letters taken: {done.taken} of {done.looked_at}" + ("; more wait" if done.is_more else ""))
        if done.trouble:
            refuse(f"{trouble_of(done.trouble).cause} {trouble_of(done.trouble).cure}")


@app.command()
def pause(mailbox_id: Id) -> None:
    """Read a mailbox no more, until it is resumed."""
    _switch(mailbox_id, is_active=False)


@app.command()
def resume(mailbox_id: Id) -> None:
    """Read a mailbox again, from where reading stood."""
    _switch(mailbox_id, is_active=True)


def _switch(mailbox_id: int, *, is_active: bool) -> None:
    with database():
        from kniga.mailboxes.services import update_mailbox
        from kniga.platform import clock
        from kniga.platform.errors import Refused

        mailbox = _find(mailbox_id)
        given = replace(_settings(mailbox), is_active=is_active)
        try:
            update_mailbox(mailbox=mailbox, revision=mailbox.revision, given=given, by=None, now=clock.now())
        except Refused as refusal:
            refuse("; ".join(f"{one.field}: {one.message}" for one in (refusal, *refusal.also)))
    print(f"mailbox {mailbox_id} is {'read again' if is_active else 'paused'}")


def _find(mailbox_id: int) -> Mailbox:
    from kniga.mailboxes.models import Mailbox

    found = Mailbox.objects.select_related("process", "owner").filter(pk=mailbox_id).first()
    if found is None:
        refuse(f"there is no mailbox {mailbox_id}: kniga mailbox list", code=2)
    return found


def _settings(mailbox: Mailbox) -> MailboxSettings:
    from kniga.mailboxes.services import MailboxSettings

    return MailboxSettings(
        mailbox.name, mailbox.address, mailbox.host, mailbox.login, "", mailbox.port, mailbox.security, mailbox.folder,
        "" if mailbox.process is None else mailbox.process.key, mailbox.owner, mailbox.message, mailbox.is_active,
    )  # fmt: skip
