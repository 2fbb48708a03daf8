"""People of a small department and a client who is one of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from kniga.people.models import User

PASSWORD = "correct horse 7"


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """`make_user("rep", language="ru")`: a person of this role; names and addresses follow from the role."""

    def make(role: str = "head", **fields: str) -> User:
        given = {"email": f"{role}@kniga.test", "name": f"Anna {role.title()}", "language": "en"} | fields
        return User.objects.create_user(password=PASSWORD, role=role, **given)

    return make


@pytest.fixture
def as_user(client: Client) -> Callable[[User], Client]:
    """`as_user(user)`: the test client, signed in."""

    def sign_in(user: User) -> Client:
        client.force_login(user)
        return client

    return sign_in
