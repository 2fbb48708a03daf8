"""The queue of deviations in the address: what it is narrowed to can be bookmarked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import QueryDict

from kniga.processes.control.deviation_queries import STATES, DeviationFilter
from kniga.web.params import id_or_none

FILTERS: Final = ("state", "person", "team", "process", "point", "stage", "order")


@dataclass(frozen=True, slots=True)
class AskedDeviations:
    """The address, read. `params` are its filters as text, without the cursor."""

    wanted: DeviationFilter
    params: dict[str, str]
    cursor: str | None


def read(data: QueryDict) -> AskedDeviations:
    """The address of the queue; what it does not know is left out."""
    params = {name: text for name in FILTERS if (text := data.get(name, "").strip()[:300]) and "\0" not in text}
    if params.get("state") not in STATES:
        params.pop("state", None)
    if params.get("order") != "age":
        params.pop("order", None)
    wanted = DeviationFilter(
        state=params.get("state", ""),
        person_id=id_or_none(params.get("person")),
        team_id=id_or_none(params.get("team")),
        process=params.get("process", ""),
        point=params.get("point", ""),
        stage_id=id_or_none(params.get("stage")),
        order=params.get("order", ""),
    )
    return AskedDeviations(wanted, params, data.get("after") or None)
