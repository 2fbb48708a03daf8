"""The path of a deal: on each version its processes ran by, what it stood on, how long, who did it, where it is now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from kniga.deals.models import Deal
from kniga.engine import EVENT_KINDS, Definition, SubProcess
from kniga.people.models import User
from kniga.platform.sqlparts import rows_of
from kniga.processes.diagrams.path_following import Told, Visit, ways_gone
from kniga.processes.models import ProcessVersion
from kniga.processes.running.replaying import ACT_UNDONE, MOVED, UNDONE, effective_history
from kniga.processes.versions.definitions import runnable_version

MOST_INSTANCES: Final = 10
_INSTANCES: Final = """
SELECT i.id, p.id, p.name, p.key, v.number, i.status, coalesce(i.result, ''), i.parent_token IS NOT NULL,
       i.tokens -> 'tokens'
FROM processes_instance i JOIN processes_processversion v ON v.id = i.version_id
JOIN processes_process p ON p.id = v.process_id
WHERE i.deal_id = %s ORDER BY i.id DESC LIMIT %s
"""
_EVENTS: Final = """
SELECT e.instance_id, e.kind, e.payload::text, e.at, coalesce(u.name, '')
FROM platform_event e LEFT JOIN people_user u ON u.id = e.actor_id
WHERE e.deal_id = %s AND e.instance_id = ANY(%s::bigint[]) AND e.kind = ANY(%s::text[])
ORDER BY e.instance_id, e.id
"""
_ASSIGNEES: Final = """
SELECT t.instance_id, t.token, u.name FROM processes_task t JOIN people_user u ON u.id = t.assignee_id
WHERE t.instance_id = ANY(%s::bigint[]) AND t.status = 'open'
"""
_KINDS: Final = sorted(EVENT_KINDS | {MOVED, UNDONE, ACT_UNDONE})


@dataclass(frozen=True, slots=True)
class PathPart:
    """The part of a deal's path that went by one version of a process. `status` is that of the instance for its last
    part, else moved; `passed` are the flows and elements between what was visited; `is_called`: another process called
    it."""

    instance_id: int
    process: str
    process_key: str
    version_id: int
    version: int
    status: str
    result: str
    is_called: bool
    visits: tuple[Visit, ...]
    passed: frozenset[str]


def path_of_deal(*, user: User, deal: Deal) -> tuple[PathPart, ...]:
    """The path of a deal that came through `get_visible_deal`, by its processes (the newest first, at most
    MOST_INSTANCES) and in each by the versions in the order it went by them; four statements. Of an open step `by` is
    whose task it is."""
    instances = rows_of(_INSTANCES, [deal.pk, MOST_INSTANCES])
    ids = [row[0] for row in instances]
    if not ids:
        return ()
    told: dict[int, list[tuple[str, Any, datetime]]] = {id: [] for id in ids}
    for instance_id, kind, text, at, by in rows_of(_EVENTS, [deal.pk, ids, _KINDS]):
        told[instance_id].append((kind, {**json.loads(text), _BY: by}, at))
    processes = {row[1] for row in instances}
    versions = {
        (process_id, number): pk
        for process_id, number, pk in ProcessVersion.objects.filter(process_id__in=processes).values_list(
            "process_id", "number", "pk"
        )
    }
    whose = {(id, token): name for id, token, name in rows_of(_ASSIGNEES, [ids])}
    return tuple(part for row in instances for part in _parts(row, told[row[0]], versions, whose))


_BY: Final = "\0by"
"""Who did it, carried through the history beside what the event tells."""


def _parts(
    row: tuple[Any, ...],
    told: list[tuple[str, Any, datetime]],
    versions: dict[tuple[int, int], int],
    whose: dict[tuple[int, int], str],
) -> Sequence[PathPart]:
    id, process_id, name, key, number, status, result, is_called, tokens = row
    history = [
        Told(kind, payload, at, payload[_BY], version) for kind, payload, at, version in effective_history(told, number)
    ]
    definitions = {
        version: runnable_version(versions[process_id, version]).definition
        for version in {event.version for event in history}
    }
    ways = ways_gone(history, definitions)
    found = []
    for way in ways:
        is_last = way is ways[-1]
        visits = tuple(
            replace(visit, by=whose.get((id, visit.token or 0), "")) if visit.how == "here" else visit
            for visit in way.visits
        )
        if is_last and status in ("running", "suspended"):
            definition = definitions[way.version]
            waits = _waits(json.loads(tokens) if tokens else (), visits, definition)
            visits += waits
            way.passed.update(id for wait in waits for id in way.passed_to(wait.element, definition))
        found.append(
            PathPart(
                instance_id=id,
                process=name,
                process_key=key,
                version_id=versions[process_id, way.version],
                version=way.version,
                status=status if is_last else "moved",
                result=result if is_last else "",
                is_called=is_called,
                visits=visits,
                passed=frozenset(way.passed),
            )
        )
    return found


def _waits(tokens: Iterable[Sequence[Any]], visits: Sequence[Visit], definition: Definition) -> tuple[Visit, ...]:
    """Where tokens wait of which no event tells that they came there: events, joins, calls."""
    told = {visit.token for visit in visits if visit.how == "here"}
    silent = [
        (token[0], token[1])
        for token in tokens
        if token[0] not in told and not isinstance(definition.elements.get(token[1]), SubProcess)
    ]
    return tuple(
        Visit(len(visits) + place, element, token, None, None, "here")
        for place, (token, element) in enumerate(silent, 1)
    )
