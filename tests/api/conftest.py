"""The API as a client program sees it: keys for people of a small department."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client as Browser

from kniga.deals.services import next_number
from kniga.people.models import User
from kniga.people.tokens import create_token
from kniga.platform import clock
from kniga.platform.working_time import forget_calendar
from kniga.processes.versions.definitions import forget_definitions
from tests.processes.conftest import NOW, Department, make_department


class Caller:
    """Sends JSON with one person's key."""

    def __init__(self, secret: str | None) -> None:
        self.browser = Browser(raise_request_exception=False)
        self.secret = secret

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        sent = {"Accept-Language": "en", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.secret:
            sent["Authorization"] = f"Bearer {self.secret}"
        data: dict[str, Any] = {}
        if body is not None:
            data = {"data": body if isinstance(body, str) else json.dumps(body), "content_type": "application/json"}
        return self.browser.generic(method, f"/api/v1{path}", headers=sent, **data)  # type: ignore[return-value]

    def send(self, path: str, form: dict[str, Any], **headers: str) -> HttpResponse:
        """POST a form with files."""
        sent = {"Accept-Language": "en", "Authorization": f"Bearer {self.secret}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.browser.post(f"/api/v1{path}", form, headers=sent)  # type: ignore[return-value]


CallerFor = Callable[..., Caller]


def key_for(user: User, *scopes: str) -> str:
    """A key of this person, for everything unless scopes are named."""
    return create_token(user=user, name="test", scopes=scopes or ["all"], by=None, now=clock.now()).secret


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    forget_definitions()
    forget_calendar()
    yield
    forget_definitions()
    forget_calendar()


@pytest.fixture
def department(db: None) -> Department:
    made = make_department()
    # The deal made there has the number 1 without having asked for it.
    next_number()
    return made


@pytest.fixture
def caller_for() -> CallerFor:
    return lambda user, *scopes: Caller(key_for(user, *scopes))


__all__ = ["NOW"]
