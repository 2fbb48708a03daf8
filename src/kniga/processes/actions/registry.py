"""What carries out each action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kniga.engine.definition.actions import SEND_LETTER
from kniga.processes.actions.documents import create_document_for
from kniga.processes.actions.doing import Doing
from kniga.processes.actions.letters import send_letter
from kniga.processes.actions.names import CALL_WEBHOOK, CREATE_DOCUMENT, START_PROCESS
from kniga.processes.actions.starting import start_beside
from kniga.processes.actions.webhooks import call_webhook

DOINGS: Final[Mapping[str, Doing]] = {
    SEND_LETTER: send_letter,
    CALL_WEBHOOK: call_webhook,
    START_PROCESS: start_beside,
    CREATE_DOCUMENT: create_document_for,
}
