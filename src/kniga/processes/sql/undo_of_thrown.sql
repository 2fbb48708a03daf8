-- What a step has thrown is held before it is looked at, so that nobody reads what is being taken back. The functions
-- keep their names: whoever calls them gets the new ones.

-- Lock the messages and signals that a step of an instance has thrown; whether that is done. Who reads one right now
-- holds it and may want our instance's row, so that it is waited for half a second only, and then counts as read.
CREATE OR REPLACE FUNCTION processes_hold_thrown(p_sender bigint, p_made_in integer)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_free integer;
BEGIN
    FOR v_try IN 1..25 LOOP
        SELECT count(*) INTO v_free FROM (
            SELECT FROM processes_message WHERE sender_id = p_sender AND made_in = p_made_in FOR UPDATE SKIP LOCKED
        ) AS held;
        IF v_free = (SELECT count(*) FROM processes_message WHERE sender_id = p_sender AND made_in = p_made_in) THEN
            RETURN true;
        END IF;
        PERFORM pg_sleep(0.02);
    END LOOP;
    RETURN false;
END $$;

-- Take back the last step of an instance: the completion of one task. Answers false, having written nothing,
-- when anything has followed it: another step, work that was begun, a message that was delivered, a process that was
-- called or that called this one. What was answered stays with the reopened task, so that nothing typed is lost;
-- the ledger keeps both the completion and its undoing.
CREATE OR REPLACE FUNCTION processes_undo_completion_2(p_task bigint, p_now timestamptz, p_actor bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_task processes_task%ROWTYPE;
    v_instance processes_instance%ROWTYPE;
    v_deal deals_deal%ROWTYPE;
    v_amount numeric; v_expected date; v_revision integer; v_held boolean;
BEGIN
    SELECT i.* INTO v_instance FROM processes_instance i
    JOIN processes_task t ON t.instance_id = i.id WHERE t.id = p_task FOR UPDATE OF i;
    SELECT * INTO v_task FROM processes_task WHERE id = p_task;
    v_revision := (v_task.undo ->> 'revision')::integer;
    -- Whoever is just taking up work of this step has taken it, or finds it gone.
    PERFORM 1 FROM processes_work WHERE instance_id = v_instance.id AND made_in = v_revision ORDER BY id FOR UPDATE;
    -- By itself, so that what follows sees what has been read meanwhile.
    v_held := processes_hold_thrown(v_instance.id, v_revision);
    IF NOT v_held OR v_task.status IS DISTINCT FROM 'done' OR v_task.undo IS NULL OR v_revision <> v_instance.revision
       OR v_instance.status = 'suspended'
       OR (jsonb_typeof(v_task.undo -> 'deal') = 'object' AND NOT v_task.undo -> 'deal' ? 'last_visit')
       OR (v_instance.parent_id IS NOT NULL AND v_instance.status <> 'running')
       OR EXISTS (SELECT FROM processes_instance n
                  WHERE n.deal_id = v_instance.deal_id AND n.id <> v_instance.id AND n.parent_id IS NULL
                    AND v_instance.parent_id IS NULL AND n.status IN ('running', 'suspended'))
       OR EXISTS (SELECT FROM processes_work w
                  WHERE w.instance_id = v_instance.id
                    AND (w.made_in = v_revision AND w.status <> 'queued'
                         OR w.closed_in = v_revision AND w.action = 'call'))
       OR EXISTS (SELECT FROM processes_message m
                  WHERE m.sender_id = v_instance.id AND m.made_in = v_revision
                    AND (m.status <> 'waiting' OR m.delivered > 0)) THEN
        RETURN false;
    END IF;

    DELETE FROM processes_timer WHERE instance_id = v_instance.id AND made_in = v_revision;
    DELETE FROM processes_subscription WHERE instance_id = v_instance.id AND made_in = v_revision;
    DELETE FROM processes_work WHERE instance_id = v_instance.id AND made_in = v_revision;
    DELETE FROM processes_message WHERE sender_id = v_instance.id AND made_in = v_revision;
    UPDATE processes_timer SET status = 'scheduled', closed_in = NULL
    WHERE instance_id = v_instance.id AND closed_in = v_revision;
    UPDATE processes_subscription SET status = 'waiting', closed_in = NULL
    WHERE instance_id = v_instance.id AND closed_in = v_revision;
    UPDATE processes_work SET status = held, held = '', closed_in = NULL
    WHERE instance_id = v_instance.id AND closed_in = v_revision;
    DELETE FROM processes_task
    WHERE instance_id = v_instance.id AND token > (v_task.undo ->> 'seq')::integer;
    UPDATE processes_task SET status = 'open', completed_at = NULL
    WHERE instance_id = v_instance.id AND status = 'cancelled'
      AND token IN (SELECT value::integer FROM jsonb_array_elements_text(v_task.undo -> 'cancelled'));
    UPDATE processes_task SET status = 'open', completed_at = NULL, completed_by_id = NULL, outcome = NULL,
        undo = NULL
    WHERE id = p_task;

    IF jsonb_typeof(v_task.undo -> 'deal') = 'object' THEN
        SELECT * INTO v_deal FROM deals_deal WHERE id = v_instance.deal_id FOR UPDATE;
        -- What the completion set goes back only if nobody has changed it since.
        v_amount := v_deal.amount;
        v_expected := v_deal.expected_date;
        IF v_deal.amount = (v_task.undo -> 'deal' ->> 'set_amount')::numeric THEN
            v_amount := (v_task.undo -> 'deal' ->> 'amount')::numeric;
        END IF;
        IF v_deal.expected_date = (v_task.undo -> 'deal' ->> 'set_expected')::date THEN
            v_expected := (v_task.undo -> 'deal' ->> 'expected')::date;
        END IF;
        IF v_amount <> v_deal.amount OR v_expected IS DISTINCT FROM v_deal.expected_date THEN
            INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
            VALUES (p_now, 'deals.deal.changed', p_actor, v_deal.client_id, v_deal.id, v_instance.id, p_task,
                    jsonb_build_object('changes', jsonb_strip_nulls(jsonb_build_object(
                        'amount', CASE WHEN v_amount <> v_deal.amount
                                  THEN jsonb_build_array(v_deal.amount::text, v_amount::text) END,
                        'expected_date', CASE WHEN v_expected IS DISTINCT FROM v_deal.expected_date
                                         THEN jsonb_build_array(v_deal.expected_date, v_expected) END))));
        END IF;
        -- A step may pass several stages: all its visits go, and the one that was open before them is open again.
        DELETE FROM deals_stagevisit
        WHERE deal_id = v_instance.deal_id AND id > (v_task.undo -> 'deal' ->> 'last_visit')::bigint;
        UPDATE deals_stagevisit SET left_at = NULL, exit = NULL,
            amount = (v_task.undo -> 'deal' -> 'visit' ->> 1)::numeric
        WHERE id = (v_task.undo -> 'deal' -> 'visit' ->> 0)::bigint AND left_at IS NOT NULL;
        UPDATE deals_deal SET status = 'open', closed_at = NULL, loss_reason_id = NULL, updated_at = p_now,
            amount = v_amount, expected_date = v_expected,
            loss_note = coalesce(v_task.undo -> 'deal' ->> 'note', loss_note),
            revision = revision + 1, stage_id = (v_task.undo -> 'deal' ->> 'stage')::bigint,
            stage_since = (v_task.undo -> 'deal' ->> 'since')::timestamptz
        WHERE id = v_instance.deal_id;
    END IF;
    UPDATE processes_instance SET revision = revision + 1, status = 'running', ended_at = NULL, result = NULL,
        reason = NULL, seq = (v_task.undo ->> 'seq')::integer, stage = v_task.undo ->> 'stage',
        tokens = nullif(v_task.undo -> 'tokens', 'null'),
        data = CASE WHEN jsonb_typeof(v_task.undo -> 'data') = 'object' THEN v_task.undo -> 'data' ELSE data END
    WHERE id = v_instance.id;

    INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
    VALUES (p_now, 'processes.completion.undone', p_actor, v_task.client_id, v_instance.deal_id, v_instance.id,
            p_task, jsonb_build_object('token', v_task.token, 'element', v_task.element, 'outcome', v_task.outcome));
    RETURN true;
END $$;

-- Take back what a bulk act did to one instance, exactly, if nothing has followed it; else the row is kept and says
-- why. The ledger's event says how many of the engine's events no longer count.
CREATE OR REPLACE FUNCTION processes_undo_bulk_step(p_row bigint, p_now timestamptz, p_actor bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_row processes_bulkactrow%ROWTYPE;
    v_now processes_instance%ROWTYPE;
    v_deal deals_deal%ROWTYPE;
    v_why text; v_held boolean;
BEGIN
    SELECT i.* INTO v_now FROM processes_instance i JOIN processes_bulkactrow r ON r.instance_id = i.id
    WHERE r.id = p_row FOR UPDATE OF i;
    SELECT * INTO v_row FROM processes_bulkactrow WHERE id = p_row AND status = 'done' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_deal FROM deals_deal WHERE id = v_now.deal_id FOR UPDATE;
    -- Whoever is just taking up work of this step has taken it, or finds it gone.
    PERFORM 1 FROM processes_work WHERE instance_id = v_now.id AND made_in = v_row.revision ORDER BY id FOR UPDATE;
    v_held := processes_hold_thrown(v_now.id, v_row.revision);
    v_why := CASE
        WHEN v_now.revision <> v_row.revision THEN 'moved_on'
        WHEN (v_row.before ->> 'final')::boolean THEN 'final'
        WHEN v_now.status = 'cancelled' AND v_now.parent_id IS NOT NULL THEN 'called'
        WHEN v_now.status = 'cancelled' AND v_deal.status <> 'open' THEN 'deal_closed'
        WHEN v_now.status = 'cancelled' AND EXISTS (
            SELECT FROM processes_instance n WHERE n.deal_id = v_now.deal_id AND n.id <> v_now.id
              AND n.parent_id IS NULL AND n.status IN ('running', 'suspended')) THEN 'other_process'
        -- What the step stopped, or called instead, is an instance of its own that has a history of its own.
        WHEN EXISTS (SELECT FROM processes_instance c WHERE c.parent_id = v_now.id AND c.status = 'cancelled'
                     AND c.ended_at = v_row.acted_at)
          OR EXISTS (SELECT FROM processes_work w WHERE w.instance_id = v_now.id AND w.action = 'call'
                     AND w.closed_in = v_row.revision) THEN 'called_stopped'
        WHEN EXISTS (SELECT FROM processes_work w WHERE w.instance_id = v_now.id
                     AND w.made_in = v_row.revision AND w.status <> 'queued') THEN 'work_done'
        WHEN NOT v_held OR EXISTS (SELECT FROM processes_message m WHERE m.sender_id = v_now.id AND m.made_in = v_row.revision
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
