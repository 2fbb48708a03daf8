"""Addresses for machines that watch Kniga; no sign-in."""

from __future__ import annotations

from django.urls import path

from kniga.runtime import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
