from __future__ import annotations

from django.apps import AppConfig


class MailboxesConfig(AppConfig):
    name = "kniga.mailboxes"
    label = "mailboxes"

    def ready(self) -> None:
        from kniga.documents.answering import ask_for_answers
        from kniga.mailboxes.queries import answer_address

        ask_for_answers(answer_address)
