"""Pages for machines that watch Kniga."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from django.db import OperationalError
from django.test import Client

from kniga.runtime import health, metrics


class Unreachable:
    def cursor(self) -> nullcontext[None]:
        raise OperationalError("connection to host secret.example failed")


def test_healthz_answers_without_asking_the_database(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_says_yes_on_a_migrated_database(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"ready": True, "checks": {"database": "ok", "migrations": "ok"}}


def test_readyz_says_no_and_tells_no_secrets_when_the_database_is_gone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "connection", Unreachable())
    response = client.get("/readyz")
    assert response.status_code == 503
    assert b"secret.example" not in response.content


@pytest.mark.django_db
def test_readyz_says_no_while_migrations_are_missing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_known_migrated", lambda: False)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["ready"]) == (503, False)


@pytest.mark.django_db
def test_metrics_tell_requests_by_route_and_the_state_of_the_work(client: Client) -> None:
    metrics.count_request(view="deals:card", method="GET", status=200, seconds=0.012)
    text = client.get("/metrics").content.decode()
    assert 'kniga_requests_total{method="GET",status="200",view="deals:card"}' in text
    for name in ("kniga_tasks_open", "kniga_tasks_overdue", "kniga_jobs_queued", "kniga_ledger_lag_seconds"):
        assert f"\n{name} 0" in text


@pytest.mark.django_db
def test_every_measure_can_be_asked_of_a_migrated_database() -> None:
    assert [measure.name for measure in metrics.MEASURES if metrics._ask(measure.sql) is None] == []
