"""The actions a process may name here: those of the standard registry that this product can carry out.

A process that names another one is refused when it is compiled: nothing is promised that nobody could do.
"""

from __future__ import annotations

from typing import Final

from kniga.engine.definition.actions import RESCORE, SEND_LETTER, SET_FIELD, STANDARD_ACTIONS, ActionRegistry

START_PROCESS: Final = "start_process"
CALL_WEBHOOK: Final = "call_webhook"
CREATE_DOCUMENT: Final = "create_document"

KNOWN_ACTIONS: Final[ActionRegistry] = {
    SET_FIELD: STANDARD_ACTIONS[SET_FIELD],
    RESCORE: STANDARD_ACTIONS[RESCORE],
    START_PROCESS: STANDARD_ACTIONS[START_PROCESS],
    CALL_WEBHOOK: STANDARD_ACTIONS[CALL_WEBHOOK],
    CREATE_DOCUMENT: STANDARD_ACTIONS[CREATE_DOCUMENT],
    SEND_LETTER: STANDARD_ACTIONS[SEND_LETTER],
}
