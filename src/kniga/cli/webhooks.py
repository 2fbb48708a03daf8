"""`kniga process webhook-secret`: what the receiver of a webhook checks signatures with."""

from __future__ import annotations

from typing import Annotated

import typer

from kniga.cli.output import refuse
from kniga.cli.process_session import database


def webhook_secret(url: Annotated[str, typer.Argument(help="The address a process calls.")]) -> None:
    """Print the secret of an address. X-Kniga-Signature is t=SECONDS,v1=HMAC-SHA256 of "SECONDS.BODY" under it."""
    with database():
        from kniga.processes.actions.doing import ActionFailed
        from kniga.processes.actions.webhooks import checked_address, secret_of

        try:
            checked_address(url)
        except ActionFailed as failed:
            refuse(failed.message, code=2)
        print(secret_of(url))
