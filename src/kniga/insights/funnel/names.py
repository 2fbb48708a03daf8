"""Names of pipelines, and of the values a funnel can be narrowed to or split by."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from kniga.deals.loss_reasons import reason_name
from kniga.insights.funnel.filters import WITHOUT, Dimension
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import Refused
from kniga.platform.sqlparts import rows_of


@dataclass(frozen=True, slots=True)
class PipelineChoice:
    """A pipeline that has stages; `key` is what addresses and commands name it by."""

    pipeline_id: int
    key: str
    name: str


# The id and name of every value of every dimension of ids, in one statement.
_CHOICES = """
SELECT 'rep', u.id, u.name, '' FROM people_user u
WHERE (%(visible)s::bigint[] IS NULL OR u.id = ANY(%(visible)s::bigint[]))
UNION ALL
SELECT 'manager', u.id, u.name, '' FROM people_user u WHERE u.id IN (SELECT lead_id FROM people_team)
UNION ALL
SELECT 'team', t.id, t.name, '' FROM people_team t
UNION ALL
SELECT 'branch', b.id, b.name, '' FROM people_branch b
UNION ALL
SELECT 'product', p.id, p.name, '' FROM catalog_product p
UNION ALL
SELECT 'region', r.id, r.name, '' FROM clients_region r
UNION ALL
SELECT 'source', s.id, s.name, '' FROM clients_source s
UNION ALL
SELECT 'reason', l.id, l.name, l.key FROM deals_lossreason l
UNION ALL
SELECT 'stage', g.id, g.name, '' FROM deals_stage g
"""
_NAMED = {
    Dimension.REP: "people_user",
    Dimension.MANAGER: "people_user",
    Dimension.TEAM: "people_team",
    Dimension.BRANCH: "people_branch",
    Dimension.PRODUCT: "catalog_product",
    Dimension.REGION: "clients_region",
    Dimension.SOURCE: "clients_source",
}


def pipelines() -> list[PipelineChoice]:
    """Active pipelines, those with deals first. One statement."""
    # Asking deals_deal would read all of it for a pipeline that has none.
    sql = """
SELECT p.id, p.key, p.name FROM deals_pipeline p
WHERE p.is_active
ORDER BY EXISTS (SELECT FROM insights_sum s WHERE s.pipeline_id = p.id AND s.axis = 'all' AND s.deals > 0)
      OR EXISTS (SELECT FROM insights_dirty n JOIN deals_deal d ON d.id = n.deal_id WHERE d.pipeline_id = p.id) DESC,
         p.id"""
    return [PipelineChoice(*row) for row in rows_of(sql, {})]


def pipeline_named(name: str) -> PipelineChoice:
    """The pipeline with this key, or of the process with this key. Raises Refused `pipeline_unknown`."""
    sql = """
SELECT p.id, p.key, p.name FROM deals_pipeline p
WHERE p.key = %(name)s::text
   OR p.id IN (SELECT pipeline_id FROM processes_process WHERE key = %(name)s::text)
ORDER BY p.key = %(name)s::text DESC LIMIT 1"""
    for row in rows_of(sql, {"name": name}):
        return PipelineChoice(*row)
    known = ", ".join(choice.key for choice in pipelines())
    message = _("There is no process “%(name)s”. Known: %(known)s.") % {"name": name, "known": known or "—"}
    raise Refused("pipeline_unknown", message, field="process")


def choices_for(*, user: User) -> dict[str, list[tuple[int, str]]]:
    """Id and name of everything a filter may name, by dimension, `reason` and `stage`, in the order of
    names.

    One statement; reps are only those whose deals `user` may see.
    """
    found: dict[str, list[tuple[int, str]]] = {dimension.value: [] for dimension in _NAMED}
    found.update(reason=[], stage=[])
    for kind, number, name, key in rows_of(_CHOICES, {"visible": visible_owner_ids(user, Entity.DEAL)}):
        found[kind].append((number, reason_name(key, name) if key else name))
    for options in found.values():
        options.sort(key=lambda option: option[1].casefold())
    return found


def names_of(dimension: Dimension, ids: list[int]) -> dict[int, str]:
    """The names of these values of a dimension of ids; `WITHOUT` has the word for none. One statement."""
    table = _NAMED[dimension]
    found = dict(rows_of(f"SELECT id, name FROM {table} WHERE id = ANY(%s::bigint[])", [ids]))
    found[WITHOUT] = name_of_none(dimension)
    return found


def reason_names(ids: list[int]) -> dict[int, str]:
    """The names of these loss reasons in the language of the page; `WITHOUT` has the words for none. One statement."""
    rows = rows_of("SELECT id, key, name FROM deals_lossreason WHERE id = ANY(%s::bigint[])", [ids])
    found = {number: reason_name(key, name) for number, key, name in rows}
    found[WITHOUT] = _("No reason given")
    return found


def name_of_none(dimension: Dimension) -> str:
    """What the row of deals without a value of the dimension is called."""
    return {
        Dimension.REP: _("No owner"),
        Dimension.MANAGER: _("No manager"),
        Dimension.TEAM: _("No team"),
        Dimension.BRANCH: _("No branch"),
        Dimension.PRODUCT: _("No product"),
        Dimension.REGION: _("No region"),
        Dimension.SOURCE: _("No source"),
        Dimension.MONTH: _("Not closed yet"),
    }[dimension]
