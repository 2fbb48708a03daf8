"""The statements by which deals are imported as a set."""

from __future__ import annotations

from typing import Final

PROCESSES: Final = """
SELECT p.name, p.key FROM processes_process p JOIN processes_processversion v ON v.process_id = p.id
WHERE v.status = 'published' ORDER BY p.name
"""
PIPELINE: Final = """
SELECT p.pipeline_id FROM processes_processversion v JOIN processes_process p ON p.id = v.process_id WHERE v.id
    = %(version)s
"""
OF_BRANCH: Final = "SELECT id FROM people_user WHERE id = ANY(%(ids)s::bigint[]) AND branch_id = %(branch)s"
STATUSES: Final = """
SELECT coalesce(values ->> 'stage', ''), count(*) FROM imports_importrow WHERE job_id = %(job)s GROUP BY 1
    ORDER BY 2 DESC, 1
"""
# Months in which the ledger gets events; those before 2000 stay in its default partition.
MONTHS: Final = """
SELECT DISTINCT date_trunc('month', t.at AT TIME ZONE 'UTC')::date
FROM imports_importrow r CROSS JOIN LATERAL (VALUES ((r.values ->> 'opened_at')::timestamptz),
    ((r.values ->> 'closed_at')::timestamptz)) AS t (at)
WHERE r.job_id = %(job)s AND r.action = 'create' AND t.at >= '2000-01-01' AND t.at <= %(now)s
"""
SUMS_OF_LINES: Final = """
UPDATE imports_importrow r SET action = 'conflict', reasons = r.reasons || jsonb_build_array(jsonb_build_object(
    'code', 'lines', 'text', %(text)s::text, 'say', %(say)s::text, 'column', %(column)s::text))
WHERE r.job_id = %(job)s AND r.action = 'update' AND r.changes ? 'amount'
  AND (SELECT count(*) > 1 OR max(l.discount) > 0 FROM deals_dealline l WHERE l.deal_id = r.target_id)
"""
OPEN_ONES: Final = """
SELECT target_id, values ->> 'element' FROM imports_importrow
WHERE job_id = %(job)s AND action = 'create' AND values ->> 'status' = 'open' ORDER BY number
"""
CLIENT: Final = "(r.values ->> 'client_id')::bigint"
OPENED: Final = "(r.values ->> 'opened_at')::timestamptz"
CLOSED: Final = "(r.values ->> 'closed_at')::timestamptz"
OWNER: Final = "(r.values ->> 'owner_id')::bigint"
AMOUNT: Final = "(r.values ->> 'amount')::numeric"
CREATED: Final = """jsonb_build_object('number', (SELECT d.number FROM deals_deal d WHERE d.id = r.target_id),
    'name', r.values ->> 'name', 'amount', r.values ->> 'amount', 'currency', %(currency)s::text,
    'owner', (r.values ->> 'owner_id')::bigint, 'pipeline', %(process)s::text)"""
FURTHER: Final = {
    "number": "nextval('deals_deal_number')",
    "pipeline_id": "%(pipeline)s::bigint",
    "stage_id": "(r.values ->> 'stage_id')::bigint",
    "stage_since": OPENED,
    "status": "r.values ->> 'status'",
    "currency": "%(currency)s::text",
    "opened_at": OPENED,
    "closed_at": CLOSED,
    "loss_note": "''",
    "revision": "1",
    "created_at": "%(now)s",
    "updated_at": "%(now)s",
}
LINES: Final = f"""
INSERT INTO deals_dealline (deal_id, position, product_id, unit_id, quantity, price, discount, amount)
SELECT r.target_id, 1, p.id, p.unit_id, 1, {AMOUNT}, 0, {AMOUNT}
FROM imports_importrow r JOIN catalog_product p ON p.id = (r.values ->> 'product_id')::bigint
WHERE r.job_id = %(job)s AND r.action = 'create' ORDER BY r.number
"""
OWNERSHIPS: Final = f"""
INSERT INTO deals_dealownership (deal_id, owner_id, started_at)
SELECT r.target_id, {OWNER}, {OPENED} FROM imports_importrow r
WHERE r.job_id = %(job)s AND r.action = 'create' AND r.values ->> 'owner_id' IS NOT NULL
"""
# The file tells only that the deal had passed the stages before: they count, their length is unknown.
INFERRED: Final = f"""
INSERT INTO deals_stagevisit (deal_id, stage_id, owner_id, entered_at, left_at, exit, amount, is_inferred)
SELECT r.target_id, s.id, {OWNER}, {OPENED}, {OPENED}, 'passed', {AMOUNT}, true
FROM imports_importrow r JOIN deals_stage s ON s.pipeline_id = %(pipeline)s::bigint AND s.is_active
  AND s.position < (r.values ->> 'position')::integer
WHERE r.job_id = %(job)s AND r.action = 'create' ORDER BY r.number, s.position
"""
VISITS: Final = f"""
INSERT INTO deals_stagevisit (deal_id, stage_id, owner_id, entered_at, left_at, exit, amount, is_inferred)
SELECT r.target_id, (r.values ->> 'stage_id')::bigint, {OWNER}, {OPENED}, {CLOSED},
       nullif(r.values ->> 'status', 'open'), {AMOUNT},
       r.values ->> 'status' <> 'open' AND NOT (r.values ->> 'is_dated')::boolean
FROM imports_importrow r WHERE r.job_id = %(job)s AND r.action = 'create' ORDER BY r.number
"""
CLOSED_EVENTS: Final = f"""
INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, payload)
SELECT {CLOSED}, 'deals.deal.' || (r.values ->> 'status'), %(actor)s::bigint, {CLIENT}, r.target_id,
       jsonb_build_object('amount', r.values ->> 'amount', 'import', r.job_id, 'reason',
           (SELECT l.key FROM deals_lossreason l WHERE l.id = (r.values ->> 'loss_reason_id')::bigint))
FROM imports_importrow r
WHERE r.job_id = %(job)s AND r.action = 'create' AND r.values ->> 'status' <> 'open' ORDER BY r.number
"""
ONE_LINE: Final = """
UPDATE deals_dealline l SET price = round(d.amount / l.quantity, 2), amount = d.amount
FROM deals_deal d JOIN imports_importrow r ON r.target_id = d.id
WHERE r.job_id = %(job)s AND r.action = 'update' AND r.changes ? 'amount' AND l.deal_id = d.id AND l.amount <> d.amount
"""
WATCHED: Final = """ROW(t.revision, t.status, t.stage_id, t.owner_id, t.amount, t.name,
    (SELECT string_agg(i.id || ':' || i.revision,
          ',' ORDER BY i.id) FROM processes_instance i WHERE i.deal_id = t.id))"""
_DEALS: Final = "deal_id = ANY(%(ids)s::bigint[])"
_OF_INSTANCES: Final = f"instance_id IN (SELECT id FROM processes_instance WHERE {_DEALS})"
PARTS: Final = {
    "processes_timer": _OF_INSTANCES,
    "processes_subscription": _OF_INSTANCES,
    "processes_work": _OF_INSTANCES,
    "processes_message": f"{_OF_INSTANCES} OR {_OF_INSTANCES.replace('instance_id', 'sender_id')} OR {_DEALS}",
    "processes_task": _OF_INSTANCES,
    "processes_instance": _DEALS,
    "deals_stagevisit": _DEALS,
    "deals_dealline": _DEALS,
    "deals_dealownership": _DEALS,
}
