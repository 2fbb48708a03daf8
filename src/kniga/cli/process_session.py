"""What the commands of `kniga process` share: the database, the person who acts, the version that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kniga.cli.output import refuse

if TYPE_CHECKING:
    from kniga.people.models import User
    from kniga.processes.models import ProcessVersion


@contextmanager
def database() -> Iterator[None]:
    """This home's database, with messages in the organisation's language; loaded only by the commands that need it, so
    that `check` starts at once."""
    from kniga.runtime.session import database as opened

    with opened():
        from django.utils import translation

        from kniga.platform.organisation import stored_organisation

        with translation.override(stored_organisation().language):
            yield


def person(email: str) -> User | None:
    """The person with this e-mail; None for the system."""
    from kniga.people.models import User

    if not email:
        return None
    found = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if found is None:
        refuse(f"nobody signs in as {email}: see kniga user list", code=2)
    return found


def version_of(key: str, number: int | None, *, published: bool) -> ProcessVersion:
    """The version with this number, else the published or the newest one."""
    from kniga.processes.models import ProcessVersion

    found = ProcessVersion.objects.select_related("process").filter(process__key=key)
    if number is not None:
        found = found.filter(number=number)
    elif published:
        found = found.filter(status="published")
    version = found.order_by("-number").first()
    if version is None:
        which = f"version {number}" if number is not None else "published version" if published else "version"
        refuse(f"there is no {which} of “{key}”: see kniga process list", code=2)
    return version
