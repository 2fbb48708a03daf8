from __future__ import annotations

from django.apps import AppConfig


class SalesbookConfig(AppConfig):
    name = "kniga.salesbook"
    label = "salesbook"

    def ready(self) -> None:
        from kniga.processes.versions.published import when_published
        from kniga.salesbook.services import keep_edition

        when_published(keep_edition)
