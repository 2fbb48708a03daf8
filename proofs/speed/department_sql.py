"""The statements that make the department: sets of rows from `generate_series`, chance from hashes of row numbers.

`pg_temp.dice(row, salt)` is a number from 0 to 1 that is the same in every run, so that the department is, too.
Words come in as arrays; `%(now)s` is the morning the department stands at.
"""

from __future__ import annotations

DICE = """
CREATE OR REPLACE FUNCTION pg_temp.dice(i bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashint8extended(i, 2026 + salt) & 4503599627370495)::float8 / 4503599627370496.0 $$;
CREATE OR REPLACE FUNCTION pg_temp.pick(choices anyarray, i bigint, salt bigint) RETURNS anyelement
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT choices[1 + floor(pg_temp.dice(i, salt) * cardinality(choices))::int] $$;
"""

CLIENTS = """
INSERT INTO clients_client (id, kind, name, name_key, match_key, inn, kpp, ogrn, website, address, note, source_id,
                            industry_id, region_id, owner_id, search_text, revision, created_at, updated_at)
SELECT i, 'company', name, translate(lower(name), 'ё', 'е'), regexp_replace(translate(lower(name), 'ё', 'е'),
       '[^0-9a-zа-я]', '', 'g'), lpad((7700000000 + i)::text, 10, '0'), '', '', '', '', '',
       pg_temp.pick(%(sources)s::bigint[], i, 5), pg_temp.pick(%(industries)s::bigint[], i, 6),
       pg_temp.pick(%(regions)s::bigint[], i, 7), pg_temp.pick(%(reps)s::bigint[], i, 8), '', 1, made_at, made_at
FROM (
    SELECT i, %(now)s::timestamptz - pg_temp.dice(i, 9) * interval '1095 days' AS made_at,
           CASE WHEN pg_temp.dice(i, 1) < 0.1
                THEN pg_temp.pick(%(first)s::text[], i, 2) || ' ' || pg_temp.pick(%(second)s::text[], i, 3) || ' Ltd'
                ELSE pg_temp.pick(%(forms)s::text[], i, 1) || ' «' || pg_temp.pick(%(adjectives)s::text[], i, 2) || ' '
                     || pg_temp.pick(%(nouns)s::text[], i, 3) || ' ' || pg_temp.pick(%(towns)s::text[], i, 4) || '»'
           END AS name
    FROM generate_series(1, %(clients)s::int) i
) made
"""

OWNERSHIPS = """
INSERT INTO clients_ownership (client_id, owner_id, started_at)
SELECT id, owner_id, created_at FROM clients_client
"""

CONTACTS = """
INSERT INTO clients_contact (id, client_id, name, name_key, position, role, is_primary, note, created_at)
SELECT i, i, name, translate(lower(name), 'ё', 'е'), 'Снабжение', '', true, '', %(now)s
FROM (SELECT i, pg_temp.pick(%(given)s::text[], i, 11) || ' ' || pg_temp.pick(%(families)s::text[], i, 12) AS name
      FROM generate_series(1, %(clients)s::int) i) made
"""

CHANNELS = """
INSERT INTO clients_channel (contact_id, kind, value, is_primary)
SELECT i, kind, CASE kind WHEN 'phone' THEN '+79' || lpad((i * 7919 %% 1000000000)::text, 9, '0')
                          ELSE 'contact' || i || '@client' || i || '.example' END, true
FROM generate_series(1, %(clients)s::int) i, unnest(ARRAY['phone', 'email']) kind
"""

# Where each deal goes: the stages in order (1 in 14 comes back once), when it enters and leaves each, and its fate.
WAYS = """
CREATE TEMPORARY TABLE made_way AS
WITH deal AS (
    SELECT i, %(now)s::timestamptz - pg_temp.dice(i, 21) * interval '1095 days' AS opened,
           (SELECT count(*)::int FROM unnest(ARRAY[.78, .62, .47, .38, .30, .26]) reach
            WHERE pg_temp.dice(i, 22) < reach) AS last,
           pg_temp.dice(i, 23) < 0.85 AS closes_well, pg_temp.dice(i, 24) < 0.07 AS comes_back
    FROM generate_series(1, %(deals)s::int) i
), path AS (
    SELECT i, opened, closes_well AND last = 6 AS is_won, place, position::int,
           lead(place) OVER (PARTITION BY i ORDER BY position) AS next_place
    FROM deal, unnest(
        CASE WHEN comes_back AND last >= 3 THEN ARRAY[0, 1, 2, 3, 2] || array(SELECT generate_series(3, last))
             ELSE array(SELECT generate_series(0, last)) END
    ) WITH ORDINALITY AS way (place, position)
), timed AS (
    SELECT *, opened + interval '1 hour' * sum(hours) OVER (PARTITION BY i ORDER BY position) AS leaves
    FROM (SELECT *, 4 - ln(1 - pg_temp.dice(i, 30 + position))
                    * (ARRAY[120, 220, 520, 800, 600, 840, 1000])[place + 1] AS hours FROM path) lasting
)
SELECT i, opened, is_won, place, position, next_place,
       coalesce(lag(leaves) OVER (PARTITION BY i ORDER BY position), opened) AS enters, leaves
FROM timed;
DELETE FROM made_way WHERE enters > %(now)s::timestamptz;
CREATE INDEX ON made_way (i, position);
ANALYZE made_way
"""

DEALS = """
CREATE TEMPORARY TABLE made_deal AS
SELECT w.i, 1 + floor(pg_temp.dice(w.i, 41) * %(clients)s)::bigint AS client_id, w.opened, w.is_won, w.place, w.enters,
       CASE WHEN w.leaves <= %(now)s::timestamptz THEN w.leaves END AS closed,
       pg_temp.pick(%(reps)s::bigint[], w.i, 42) AS owner,
       CASE WHEN pg_temp.dice(w.i, 43) < 0.05 THEN pg_temp.pick(%(reps)s::bigint[], w.i, 44) END AS heir,
       w.opened + pg_temp.dice(w.i, 45) * interval '60 days' AS handed,
       round((20000 + 900000 * power(pg_temp.dice(w.i, 46), 3))::numeric, -2) AS amount,
       pg_temp.pick(%(products)s::bigint[], w.i, 47) AS product_id
FROM made_way w WHERE NOT EXISTS (SELECT FROM made_way f WHERE f.i = w.i AND f.position > w.position);
UPDATE made_deal SET heir = NULL WHERE heir = owner OR handed > %(now)s::timestamptz;
CREATE UNIQUE INDEX ON made_deal (i);
ANALYZE made_deal;
INSERT INTO deals_deal (id, number, name, name_key, client_id, owner_id, pipeline_id, stage_id, stage_since, status,
                        amount, currency, expected_date, opened_at, closed_at, loss_reason_id, loss_note, source_id,
                        region_id, product_id, note, revision, created_at, updated_at)
SELECT i, i, name, translate(lower(name), 'ё', 'е'), client_id, coalesce(heir, owner), %(pipeline)s,
       (%(stages)s::bigint[])[place + 1], enters,
       CASE WHEN closed IS NULL THEN 'open' WHEN is_won AND place = 6 THEN 'won' ELSE 'lost' END,
       amount, 'RUB', (%(now)s::timestamptz + pg_temp.dice(i, 48) * interval '60 days')::date, opened, closed,
       CASE WHEN closed IS NOT NULL AND NOT (is_won AND place = 6) THEN pg_temp.pick(%(reasons)s::bigint[], i, 49) END,
       '', pg_temp.pick(%(sources)s::bigint[], i, 50), NULL, product_id, '', 1, opened, coalesce(closed, enters)
FROM (SELECT d.*, p.name || ' № ' || i AS name FROM made_deal d JOIN catalog_product p ON p.id = d.product_id) made
"""

DEAL_OWNERSHIPS = """
INSERT INTO deals_dealownership (deal_id, owner_id, started_at, ended_at)
SELECT i, owner, opened, CASE WHEN heir IS NOT NULL THEN handed END FROM made_deal
UNION ALL
SELECT i, heir, handed, NULL FROM made_deal WHERE heir IS NOT NULL
"""

VISITS = """
INSERT INTO deals_stagevisit (deal_id, stage_id, owner_id, entered_at, left_at, exit, amount, is_inferred)
SELECT w.i, (%(stages)s::bigint[])[w.place + 1],
       CASE WHEN d.heir IS NOT NULL AND w.enters >= d.handed THEN d.heir ELSE d.owner END, w.enters,
       CASE WHEN w.leaves <= %(now)s::timestamptz THEN w.leaves END,
       CASE WHEN w.leaves > %(now)s::timestamptz THEN NULL WHEN w.next_place > w.place THEN 'passed'
            WHEN w.next_place < w.place THEN 'back' WHEN w.is_won AND w.place = 6 THEN 'won' ELSE 'lost' END,
       d.amount, false
FROM made_way w JOIN made_deal d USING (i) ORDER BY w.enters
"""

LINES = """
INSERT INTO deals_dealline (deal_id, position, product_id, unit_id, quantity, price, discount, amount)
SELECT d.i, 1, d.product_id, p.unit_id, 1, d.amount, 0, d.amount
FROM made_deal d JOIN catalog_product p ON p.id = d.product_id
"""

# Instances and done tasks of the past; the open ones are started by the product itself (`start_many`).
PAST_INSTANCES = """
INSERT INTO processes_instance (version_id, deal_id, status, revision, seq, stage, data, result, started_at, ended_at)
SELECT %(version)s, d.i, 'ended', 1 + w.position, w.position, (%(stage_keys)s::text[])[d.place + 1], '{}',
       CASE WHEN d.is_won AND d.place = 6 THEN 'won' ELSE 'lost' END, d.opened, d.closed
FROM made_deal d JOIN (SELECT i, max(position) AS position FROM made_way GROUP BY i) w USING (i)
WHERE d.closed IS NOT NULL
"""

DONE_TASKS = """
INSERT INTO processes_task (instance_id, token, element, name, kind, deal_id, client_id, stage_id, assignee_id, status,
                            created_at, due_at, completed_at, completed_by_id, outcome, answers)
SELECT n.id, w.position, (%(elements)s::text[])[w.place + 1], (%(task_names)s::text[])[w.place + 1], 'task', w.i,
       d.client_id, (%(stages)s::bigint[])[w.place + 1], d.owner, 'done', w.enters, w.enters + interval '2 days',
       w.leaves, d.owner, CASE WHEN w.next_place IS NULL AND NOT d.is_won THEN 'refused' ELSE 'agreed' END,
       '{"note": "договорились созвониться"}'
FROM made_way w JOIN made_deal d USING (i) JOIN processes_instance n ON n.deal_id = w.i
WHERE w.leaves <= %(now)s::timestamptz
"""

EVENTS = """
INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, payload)
SELECT d.opened, 'deals.deal.created', d.owner, d.client_id, d.i,
       jsonb_build_object('number', d.i, 'name', '№ ' || d.i, 'amount', d.amount::text, 'currency', 'RUB')
FROM made_deal d
UNION ALL
SELECT CASE kind WHEN 'processes.stage.entered' THEN w.enters ELSE w.leaves END, kind, d.owner, d.client_id, w.i,
       CASE kind WHEN 'processes.stage.entered' THEN jsonb_build_object('stage', (%(stage_keys)s::text[])[w.place + 1])
       ELSE jsonb_build_object('token', w.position, 'element', (%(elements)s::text[])[w.place + 1], 'outcome', 'agreed',
                               'answers', '{}'::jsonb) END
FROM made_way w JOIN made_deal d USING (i), unnest(ARRAY['processes.stage.entered', 'processes.task.completed']) kind
WHERE kind = 'processes.stage.entered' OR w.leaves <= %(now)s::timestamptz
"""

# Tasks of running deals get the dates they would have, one in four of them overdue.
OPEN_TASKS = """
UPDATE processes_task t SET created_at = w.enters,
    due_at = %(now)s::timestamptz + (pg_temp.dice(w.i, 61) - 0.25) * interval '20 days'
FROM made_way w JOIN made_deal d USING (i)
WHERE t.deal_id = w.i AND t.status = 'open' AND d.closed IS NULL AND w.enters = d.enters
"""

SEQUENCES = """
SELECT setval(pg_get_serial_sequence('clients_client', 'id'), %(clients)s),
       setval(pg_get_serial_sequence('clients_contact', 'id'), %(clients)s),
       setval(pg_get_serial_sequence('deals_deal', 'id'), %(deals)s),
       setval('deals_deal_number', %(deals)s)
"""
