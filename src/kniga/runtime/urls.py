"""Addresses for machines that watch Kniga; no sign-in."""

from __future__ import annotations

from django.urls import path

from kniga.runtime.health import healthz, metrics, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
