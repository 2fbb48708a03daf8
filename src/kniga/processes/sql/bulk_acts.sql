-- Carry out one row of a bulk act: remember how everything stood, write the engine's step, mark the row as done.
-- A paused instance is moved while paused and stays so. Answers NULL, having written nothing, when the instance was
-- moved in between or the row is done already.
CREATE OR REPLACE FUNCTION processes_bulk_step(p_row bigint, p_step jsonb) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint := (p_step ->> 'instance')::bigint;
    v_revision integer := (p_step ->> 'revision')::integer;
    v_old processes_instance%ROWTYPE;
    v_before jsonb;
    v_created bigint[];
BEGIN
    SELECT * INTO v_old FROM processes_instance
    WHERE id = v_id AND revision = v_revision AND status IN ('running', 'suspended') FOR UPDATE;
    IF NOT FOUND OR NOT EXISTS (SELECT FROM processes_bulkactrow WHERE id = p_row AND status = 'fits' FOR UPDATE) THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_build_object(
        'status', v_old.status, 'version', v_old.version_id, 'seq', v_old.seq, 'stage', v_old.stage,
        'tokens', v_old.tokens, 'watched', v_old.watched,
        'data', CASE WHEN p_step ? 'data' THEN v_old.data END,
        'events', (SELECT count(*) FROM jsonb_array_elements(p_step -> 'events') AS e
                   WHERE e ->> 0 LIKE 'processes.%' AND e ->> 0 <> 'processes.instance.moved'),
        'final', p_step ? 'deal_status' OR p_step ? 'amount' OR p_step ? 'expected',
        'deal', jsonb_build_object('stage', d.stage_id, 'since', d.stage_since),
        'visit', (SELECT max(v.id) FROM deals_stagevisit v WHERE v.deal_id = d.id),
        'open_visit', (SELECT jsonb_build_array(v.id, v.amount) FROM deals_stagevisit v
                       WHERE v.deal_id = d.id AND v.left_at IS NULL),
        'tasks', (SELECT jsonb_agg(jsonb_build_array(t.id, t.element, t.name, t.kind, t.stage_id))
                  FROM processes_task t WHERE t.instance_id = v_id AND t.status = 'open'))
    INTO v_before FROM deals_deal d WHERE d.id = v_old.deal_id;

    IF v_old.status = 'suspended' THEN
        UPDATE processes_instance SET status = 'running' WHERE id = v_id;
    END IF;
    v_created := processes_apply_step_2(p_step);
    IF v_old.status = 'suspended' THEN
        UPDATE processes_instance SET status = 'suspended' WHERE id = v_id AND status = 'running';
    END IF;
    IF p_step ? 'version' THEN
        -- What was done so far was done by the version that is left.
        UPDATE processes_task SET version_id = v_old.version_id
        WHERE instance_id = v_id AND status <> 'open' AND version_id IS NULL AND completed_at IS NOT NULL;
        UPDATE processes_instance SET watched = (p_step ->> 'watched')::bigint WHERE id = v_id;
    END IF;
    UPDATE processes_bulkactrow SET status = 'done', before = v_before, revision = v_revision + 1,
        acted_at = (p_step ->> 'now')::timestamptz, why = NULL
    WHERE id = p_row;
    RETURN v_created;
END $$;

-- Several rows in one call, in their order: the created tasks of each as JSON, null for one that came too late.
CREATE OR REPLACE FUNCTION processes_bulk_steps(p_rows bigint[], p_steps jsonb) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(jsonb_agg(to_jsonb(processes_bulk_step(n.id, n.step)) ORDER BY n.position), '[]')
    FROM (SELECT r.id, e.step, e.position FROM jsonb_array_elements(p_steps) WITH ORDINALITY AS e (step, position)
          JOIN unnest(p_rows) WITH ORDINALITY AS r (id, position) ON r.position = e.position
          ORDER BY e.position OFFSET 0) AS n
$$;

-- Pause or resume the instances of rows, as a set. What is not as it was seen is left, and its row says so.
CREATE OR REPLACE FUNCTION processes_bulk_switch(p_rows bigint[], p_before text, p_after text, p_kind text,
                                                 p_reason text, p_now timestamptz, p_actor bigint)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE v_done integer;
BEGIN
    PERFORM 1 FROM processes_instance i JOIN processes_bulkactrow r ON r.instance_id = i.id
    WHERE r.id = ANY (p_rows) ORDER BY i.id FOR UPDATE OF i;
    WITH changed AS (
        UPDATE processes_instance i SET status = p_after, revision = i.revision + 1
        FROM processes_bulkactrow r
        WHERE r.id = ANY (p_rows) AND r.status = 'fits' AND i.id = r.instance_id AND i.status = p_before
        RETURNING r.id AS row_id, r.act_id, i.id, i.deal_id, i.revision
    ), told AS (
        INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, payload)
        SELECT p_now, p_kind, p_actor, d.client_id, c.deal_id, c.id,
               jsonb_build_object('reason', p_reason, 'act', c.act_id)
        FROM changed c JOIN deals_deal d ON d.id = c.deal_id ORDER BY c.row_id
    ), marked AS (
        UPDATE processes_bulkactrow r SET status = 'done', revision = c.revision, acted_at = p_now, why = NULL,
            before = jsonb_build_object('status', p_before)
        FROM changed c WHERE r.id = c.row_id RETURNING r.id
    )
    SELECT count(*) INTO v_done FROM marked;
    UPDATE processes_bulkactrow SET status = 'refused', why = '{"code": "not_running"}'
    WHERE id = ANY (p_rows) AND status = 'fits';
    PERFORM pg_notify('kniga_due', '');
    RETURN v_done;
END $$;

-- Take back what a bulk act did to one instance, exactly, if nothing has followed it; else the row is kept and says
-- why. The ledger's event says how many of the engine's events no longer count.
CREATE OR REPLACE FUNCTION processes_undo_bulk_step(p_row bigint, p_now timestamptz, p_actor bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_row processes_bulkactrow%ROWTYPE;
    v_now processes_instance%ROWTYPE;
    v_deal deals_deal%ROWTYPE;
    v_why text;
BEGIN
    SELECT i.* INTO v_now FROM processes_instance i JOIN processes_bulkactrow r ON r.instance_id = i.id
    WHERE r.id = p_row FOR UPDATE OF i;
    SELECT * INTO v_row FROM processes_bulkactrow WHERE id = p_row AND status = 'done' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_deal FROM deals_deal WHERE id = v_now.deal_id FOR UPDATE;
    v_why := CASE
        WHEN v_now.revision <> v_row.revision THEN 'moved_on'
        WHEN (v_row.before ->> 'final')::boolean THEN 'final'
        WHEN v_now.status = 'cancelled' AND v_now.parent_id IS NOT NULL THEN 'called'
        WHEN v_now.status = 'cancelled' AND v_deal.status <> 'open' THEN 'deal_closed'
        WHEN v_now.status = 'cancelled' AND EXISTS (
            SELECT FROM processes_instance n WHERE n.deal_id = v_now.deal_id AND n.id <> v_now.id
              AND n.parent_id IS NULL AND n.status IN ('running', 'suspended')) THEN 'other_process'
        WHEN EXISTS (SELECT FROM processes_work w WHERE w.instance_id = v_now.id
                     AND (w.made_in = v_row.revision AND w.status <> 'queued'
                          OR w.closed_in = v_row.revision AND w.action = 'call')) THEN 'work_done'
        WHEN EXISTS (SELECT FROM processes_message m WHERE m.sender_id = v_now.id AND m.made_in = v_row.revision
                     AND (m.status <> 'waiting' OR m.delivered > 0)) THEN 'message_read'
        END;
    IF v_why IS NOT NULL THEN
        UPDATE processes_bulkactrow SET status = 'kept', why = jsonb_build_object('code', v_why) WHERE id = p_row;
        RETURN false;
    END IF;

    IF NOT v_row.before ? 'seq' THEN  -- paused or resumed: no step of the engine
        UPDATE processes_instance SET status = v_row.before ->> 'status', revision = revision + 1 WHERE id = v_now.id;
        PERFORM pg_notify('kniga_due', '');
    ELSE
        DELETE FROM processes_timer WHERE instance_id = v_now.id AND made_in = v_row.revision;
        DELETE FROM processes_subscription WHERE instance_id = v_now.id AND made_in = v_row.revision;
        DELETE FROM processes_work WHERE instance_id = v_now.id AND made_in = v_row.revision;
        DELETE FROM processes_message WHERE sender_id = v_now.id AND made_in = v_row.revision;
        UPDATE processes_timer SET status = 'scheduled', closed_in = NULL
        WHERE instance_id = v_now.id AND closed_in = v_row.revision;
        UPDATE processes_subscription SET status = 'waiting', closed_in = NULL
        WHERE instance_id = v_now.id AND closed_in = v_row.revision;
        UPDATE processes_work SET status = held, held = '', closed_in = NULL
        WHERE instance_id = v_now.id AND closed_in = v_row.revision;
        DELETE FROM processes_task WHERE instance_id = v_now.id AND token > (v_row.before ->> 'seq')::integer;
        UPDATE processes_task t SET status = 'open', completed_at = NULL, element = o ->> 1, name = o ->> 2,
            kind = o ->> 3, stage_id = (o ->> 4)::bigint, version_id = NULL
        FROM jsonb_array_elements(nullif(v_row.before -> 'tasks', 'null')) AS o
        WHERE t.id = (o ->> 0)::bigint;
        IF v_now.version_id <> (v_row.before ->> 'version')::bigint THEN
            UPDATE processes_task SET version_id = NULL
            WHERE instance_id = v_now.id AND version_id = (v_row.before ->> 'version')::bigint;
        END IF;
        IF EXISTS (SELECT FROM deals_stagevisit
                   WHERE deal_id = v_now.deal_id AND id > coalesce((v_row.before ->> 'visit')::bigint, 0)) THEN
            DELETE FROM deals_stagevisit
            WHERE deal_id = v_now.deal_id AND id > coalesce((v_row.before ->> 'visit')::bigint, 0);
            UPDATE deals_stagevisit SET left_at = NULL, exit = NULL,
                amount = (v_row.before -> 'open_visit' ->> 1)::numeric
            WHERE id = (v_row.before -> 'open_visit' ->> 0)::bigint;
            UPDATE deals_deal SET stage_id = (v_row.before -> 'deal' ->> 'stage')::bigint,
                stage_since = (v_row.before -> 'deal' ->> 'since')::timestamptz, updated_at = p_now,
                revision = revision + 1
            WHERE id = v_now.deal_id;
        END IF;
        UPDATE processes_instance SET revision = revision + 1, status = v_row.before ->> 'status', ended_at = NULL,
            result = NULL, reason = NULL, version_id = (v_row.before ->> 'version')::bigint,
            seq = (v_row.before ->> 'seq')::integer, stage = v_row.before ->> 'stage',
            tokens = nullif(v_row.before -> 'tokens', 'null'), watched = (v_row.before ->> 'watched')::bigint,
            data = CASE WHEN jsonb_typeof(v_row.before -> 'data') = 'object' THEN v_row.before -> 'data' ELSE data END
        WHERE id = v_now.id;
    END IF;
    INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, payload)
    SELECT p_now, 'processes.act.undone', p_actor, v_deal.client_id, v_deal.id, v_now.id,
           jsonb_strip_nulls(jsonb_build_object('act', v_row.act_id, 'kind', a.kind,
               'events', coalesce((v_row.before ->> 'events')::integer, 0),
               'from', CASE WHEN a.kind = 'move' THEN t.number END, 'from_id', CASE WHEN a.kind = 'move' THEN t.id END,
               'to', CASE WHEN a.kind = 'move' THEN f.number END))
    FROM processes_bulkact a LEFT JOIN processes_processversion f ON f.id = a.version_id
    LEFT JOIN processes_processversion t ON t.id = a.target_id WHERE a.id = v_row.act_id;
    UPDATE processes_bulkactrow SET status = 'undone', why = NULL WHERE id = p_row;
    RETURN true;
END $$;
