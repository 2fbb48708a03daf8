"""`kniga user`: people who sign in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from kniga.cli.output import print_json, print_rows, refuse
from kniga.runtime.session import database

if TYPE_CHECKING:
    from kniga.people.models import User

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Email = Annotated[str, typer.Argument(help="The e-mail address the person signs in with.")]
Password = Annotated[
    str | None, typer.Option(help="Password; without it one is made and printed.", envvar="KNIGA_PASSWORD")
]


@app.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="Name as colleagues see it.")],
    role: Annotated[str, typer.Option(help="One of `kniga user roles`.")] = "rep",
    password: Password = None,
    as_json: AsJson = False,
) -> None:
    """Create a person who signs in."""
    made = password or secrets.token_urlsafe(9)
    with database():
        from kniga.people.services import create_user
        from kniga.platform import clock

        user = create_user(email=email, name=name, role=role, password=made, by=None, now=clock.now())
        shown = {"id": user.pk, "email": user.email, "name": user.name, "role": user.role, "password": made}
    if as_json:
        print_json(shown)
    else:
        print(f"{shown['email']} ({shown['role']}) created" + ("" if password else f", password {made}"))


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """All people, active ones first."""
    with database():
        from kniga.people.models import User

        found = User.objects.order_by("-is_active", "name_key", "id")
        fields = ("id", "name", "email", "role", "branch__name", "team__name", "is_active", "skills")
        rows = list(found.values_list(*fields))
    columns = ("id", "name", "email", "role", "branch", "team", "is_active", "skills")
    shown = [dict(zip(columns, row, strict=True)) for row in rows]
    if not as_json:
        shown = [row | {"skills": ", ".join(row["skills"])} for row in shown]
    print_rows(shown, as_json=as_json, empty="nobody yet: kniga user create")


@app.command("set-password")
def set_password(email: Email, password: Password = None, as_json: AsJson = False) -> None:
    """Give a person a new password."""
    made = password or secrets.token_urlsafe(9)
    with database():
        from kniga.people import services
        from kniga.platform import clock

        services.set_password(user=_find(email), password=made, by=None, now=clock.now())
    if as_json:
        print_json({"email": email, "password": made})
    else:
        print(f"password of {email} set" + ("" if password else f": {made}"))


@app.command("set-role")
def set_role(email: Email, role: Annotated[str, typer.Argument(help="One of `kniga user roles`.")]) -> None:
    """Give a person another role."""
    with database():
        from kniga.people.services import update_user
        from kniga.platform import clock

        update_user(user=_find(email), by=None, now=clock.now(), role=role)
    print(f"{email} is {role} now")


@app.command()
def roles(as_json: AsJson = False) -> None:
    """The roles there are."""
    with database(migrate=False):
        from django.utils import translation

        from kniga.people.roles import Role

        with translation.override("en"):
            rows = [{"role": role.value, "name": str(role.label)} for role in Role]
    print_rows(rows, as_json=as_json, empty="")


@app.command()
def access(
    role: Annotated[str, typer.Argument(help="One of `kniga user roles`; without it the table is shown.")] = "",
    entity: Annotated[str, typer.Argument(help="client, deal or task.")] = "",
    level: Annotated[str, typer.Argument(help="none, own, team, branch or all.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show how far each role sees, or set it: `kniga user access rep deal team`."""
    if role and not (entity and level):
        refuse("name a role, an entity and a level: kniga user access rep deal team", code=2)
    with database():
        from kniga.people.access import DEFAULT_LEVELS, present_levels
        from kniga.people.access_services import set_access
        from kniga.platform import clock

        if role:
            set_access(role=role, entity=entity, level=level, by=None, now=clock.now())
        rows = [
            {
                "role": str(place[0]),
                "entity": str(place[1]),
                "level": found.name.lower(),
                "default": DEFAULT_LEVELS[place[0]][place[1]].name.lower(),
            }
            for place, found in present_levels().items()
            if not role or place == (role, entity)
        ]
    print_rows(rows, as_json=as_json, empty="")


def _find(email: str) -> User:
    from kniga.people.models import User

    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        refuse(f"nobody signs in as {email}; see kniga user list")
    return user
