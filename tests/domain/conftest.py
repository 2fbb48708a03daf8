from __future__ import annotations

import pytest

from tests.domain.department import Department, make_department


@pytest.fixture
def house(db: None) -> Department:
    return make_department()
