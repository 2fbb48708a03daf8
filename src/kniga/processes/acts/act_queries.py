"""Acts on many running instances: what they are, what would become or became of each instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.db.models import Count, QuerySet

from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import Conditions, rows_of
from kniga.processes.acts.mapping import Proposal, propose_mapping, targets_for
from kniga.processes.acts.scopes import STANDING
from kniga.processes.diagrams.instance_queries import element_names
from kniga.processes.models import ActRowStatus, ActStatus, BulkAct
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.wording.words import element_in_words

PAGE: Final = 50
_IN_ORDER: Final = Sort("r.id", "bigint")
_ROWS: Final = f"""
SELECT r.id, r.id, r.status, r.why::text, r.choices::text,
       r.foretold::text, i.id, d.id, d.number, d.name, coalesce(o.name, ''),
       coalesce(m.name, ''), coalesce(i.status, ''), w.elements, i.version_id
FROM processes_bulkactrow r
LEFT JOIN processes_instance i ON i.id = r.instance_id
JOIN deals_deal d ON d.id = coalesce(i.deal_id, r.deal_id)
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN people_team m ON m.id = o.team_id
LEFT JOIN LATERAL (SELECT array_agg(DISTINCT s.element::text) AS elements FROM ({STANDING}) s) w ON true
"""
_FORETOLD: Final = """
SELECT n.point, count(*) FILTER (WHERE n.is_raised), count(*) FILTER (WHERE NOT n.is_raised)
FROM processes_bulkactrow r CROSS JOIN LATERAL (
    SELECT p AS point, true AS is_raised FROM jsonb_array_elements_text(r.foretold -> 'raised') p
    UNION ALL SELECT p, false FROM jsonb_array_elements_text(r.foretold -> 'closed') p
) n WHERE r.act_id = %s AND r.foretold IS NOT NULL GROUP BY n.point ORDER BY count(*) DESC, n.point
"""
_STANDING: Final = f"""
SELECT s.element, count(DISTINCT i.id) FROM processes_bulkactrow r JOIN processes_instance i ON i.id = r.instance_id
CROSS JOIN LATERAL ({STANDING}) s WHERE r.act_id = %s GROUP BY s.element
"""


@dataclass(frozen=True, slots=True)
class ActRow:
    """An instance of an act, or the deal for which one is not started yet. `why` is what speaks against it ({code, …}),
    `foretold` the names of the deviations a move would raise and close ({raised, closed}), `steps` are where it stands
    now, by element."""

    id: int
    status: str
    why: Mapping[str, Any] | None
    choices: Mapping[str, str]
    foretold: Mapping[str, Sequence[str]]
    instance_id: int | None
    deal_id: int
    deal_number: int
    deal_name: str
    owner: str
    team: str
    instance_status: str
    steps: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ForetoldDeviations:
    """At how many deals a move would raise a deviation of this control point, and at how many it would close one."""

    point: str
    raised: int
    closed: int


@dataclass(frozen=True, slots=True)
class MappedElement:
    """A line of a move's mapping: what the machine proposed, what is chosen, what else there is to choose from (ids
    with names), and how many of the act's instances stand there."""

    proposal: Proposal
    name: str
    target: str | None
    options: tuple[tuple[str, str], ...]
    instances: int


def visible_acts(by: User | None) -> QuerySet[BulkAct]:
    """The acts `by` may see: one's own; all of them for who sees every deal, and for the system (None)."""
    acts = BulkAct.objects.select_related("process", "version", "target", "created_by", "begun_by", "undone_by").defer(
        "version__xml", "target__xml"
    )
    return acts if by is None or visible_owner_ids(by, Entity.DEAL) is None else acts.filter(created_by=by)


def get_visible_act(*, user: User | None, act_id: int) -> BulkAct:
    """An act with its process and versions. Raises NotVisible."""
    found = visible_acts(user).filter(pk=act_id).first()
    if found is None:
        raise NotVisible
    return found


def acts_of_process(*, user: User | None, process_key: str, limit: int = 20) -> tuple[BulkAct, ...]:
    """The last acts on a process's instances, the newest first."""
    return tuple(visible_acts(user).filter(process__key=process_key).order_by("-pk")[:limit])


def act_counts(act: BulkAct) -> dict[str, int]:
    """How many instances are in each status; every status is there."""
    found = act.rows.values_list("status").annotate(number=Count("pk")).order_by()
    return dict.fromkeys(ActRowStatus.values, 0) | dict(found)


def foretold_of(act: BulkAct) -> tuple[ForetoldDeviations, ...]:
    """What a move would do to deviations, by control point, the most deals first; one statement."""
    return tuple(ForetoldDeviations(*row) for row in rows_of(_FORETOLD, [act.pk]))


def act_rows(
    *, user: User | None, act: BulkAct, status: str = "", cursor: str | None = None, limit: int = PAGE
) -> Page[ActRow]:
    """The instances of an act that came through `get_visible_act`, in their order, without the deals that `user`
    does not (or no longer) see; None is the system. Raises Refused `cursor_invalid`."""
    conditions = Conditions()
    conditions.add("r.act_id = %s", act.pk)
    if user is not None:
        conditions.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
    if status:
        conditions.add("r.status = %s", status)
    if cursor:
        conditions.add(_IN_ORDER.after("r.id"), *decode_cursor(cursor, _IN_ORDER))
    sql = f"{_ROWS} {conditions.where} ORDER BY r.id LIMIT {limit + 1}"
    return page_of(rows_of(sql, conditions.parameters), limit, _row)


def mapping_of(act: BulkAct) -> tuple[MappedElement, ...]:
    """The mapping of a move, line by line; those that somebody stands on first."""
    assert act.version_id is not None and act.target_id is not None, "a move goes from a version to a version"
    old, new = runnable_version(act.version_id).definition, runnable_version(act.target_id).definition
    # Where the deals stand tells something only until the act is carried out.
    standing = _standing(act) if act.status == ActStatus.PLANNED else {}
    lines = []
    for proposal in propose_mapping(old, new):
        options = tuple((one.id, element_in_words(one)) for one in targets_for(old.elements[proposal.element], new))
        target = act.mapping.get(proposal.element, proposal.target)
        name = element_in_words(old.elements[proposal.element])
        lines.append(MappedElement(proposal, name, target, options, standing.get(proposal.element, 0)))
    return tuple(sorted(lines, key=lambda line: (line.instances == 0, line.target is not None)))


def _standing(act: BulkAct) -> dict[str, int]:
    return dict(rows_of(_STANDING, [act.pk]))


def _row(row: tuple[Any, ...]) -> ActRow:
    id, status, why, choices, foretold, *deal, elements, version_id = row
    names = element_names(version_id) if version_id else {}
    steps = {element: names.get(element, element) for element in elements or ()}
    found = [msgspec.json.decode(why) if why else None]
    found += [msgspec.json.decode(text) if text else {} for text in (choices, foretold)]
    return ActRow(*[id, status, *found, *deal, steps])
