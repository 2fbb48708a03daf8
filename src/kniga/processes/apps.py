from __future__ import annotations

from django.apps import AppConfig


class ProcessesConfig(AppConfig):
    name = "kniga.processes"
    label = "processes"
