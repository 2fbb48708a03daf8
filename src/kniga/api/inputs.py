"""What bodies and queries have in common."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from ninja import Query, Schema
from pydantic import ConfigDict, Field

Limit = Annotated[int, Query(50, ge=1, le=200, description="Rows of a page.")]
Cursor = Annotated[str | None, Query(None, description="The place to continue: next_cursor of the page before.")]
Text = Annotated[str, Field(max_length=20_000)]
Short = Annotated[str, Field(max_length=1000)]
Id = Annotated[int, Field(ge=1, le=9_223_372_036_854_775_807)]
IdOrNone = Annotated[int, Field(ge=0, le=9_223_372_036_854_775_807)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))]
Amount = Annotated[Decimal, Field(max_digits=20, decimal_places=6)]
Cents = Annotated[Decimal, Field(max_digits=20, decimal_places=2)]
"""Money and per cent: more than two decimals are a slip and are refused, not rounded."""


class Given(Schema):
    """A body: fields it does not know are refused, not passed over."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """Only the fields that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class OwnerBody(Given):
    """To whom something is handed."""

    owner_id: Id
