from __future__ import annotations

from django.apps import AppConfig


class ClientsConfig(AppConfig):
    name = "kniga.clients"
    label = "clients"
