"""`kniga token`: create, list and revoke keys of the REST API."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from kniga.cli.output import print_json, print_rows, refuse
from kniga.runtime.session import database

if TYPE_CHECKING:
    from kniga.people.models import User

app = typer.Typer()
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("create")
def create(
    email: Annotated[str, typer.Argument(help="Whose key: it sees and may do what this person may.")],
    name: Annotated[str, typer.Option(help="What the key is for.")] = "API",
    scope: Annotated[
        list[str] | None, typer.Option(help='A scope such as clients:read, or "read", or "all"; may be repeated.')
    ] = None,
    days: Annotated[int, typer.Option(help="Days until it expires; 0: never.", min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Make a key and print it: this once only."""
    with database():
        from kniga.people.tokens import create_token
        from kniga.platform import clock

        now = clock.now()
        issued = create_token(
            user=_user(email), name=name, scopes=scope or ["read"], by=None, now=now,
            expires_at=now + timedelta(days=days) if days else None,
        )  # fmt: skip
        if as_json:
            print_json({"id": issued.id, "token": issued.secret, "prefix": issued.prefix})
        else:
            print(issued.secret)


@app.command("list")
def list_tokens(
    email: Annotated[str, typer.Argument(help="Only this person's keys.")] = "", as_json: Json = False
) -> None:
    """List keys by their beginnings, with scopes and last use."""
    with database():
        from kniga.people.tokens import token_list

        rows = [asdict(row) for row in token_list(user=_user(email) if email else None)]
        if not as_json:
            rows = [{**row, "scopes": " ".join(row["scopes"])} for row in rows]
        print_rows(rows, as_json=as_json, empty="There are no keys.")


@app.command("revoke")
def revoke(token_id: Annotated[int, typer.Argument(help="The id that `kniga token list` shows.")]) -> None:
    """End a key at once."""
    with database():
        from kniga.people.tokens import revoke_token
        from kniga.platform import clock
        from kniga.platform.errors import NotVisible

        try:
            revoke_token(token_id=token_id, by=None, now=clock.now())
        except NotVisible:
            refuse(f"there is no key {token_id}; see kniga token list")


def _user(email: str) -> User:
    from kniga.people.models import User

    found = User.objects.filter(email__iexact=email.strip()).first()
    return found or refuse(f"there is no user {email}; see kniga user list")
