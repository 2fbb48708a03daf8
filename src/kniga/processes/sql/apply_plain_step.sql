-- The ordinary step of a sale: one task is done, the next one comes, and the deal enters another stage or stays in its
-- own. It writes what processes_apply_step_2 writes for it, and costs half as much: each value comes as a parameter of
-- its type, so that nothing has to be taken out of a document, and no statement is of any kind but the plainest.
--
-- As there, the first UPDATE takes the row lock and lets the step through only if nobody moved the instance since it
-- was read; otherwise nothing is written and the answer is NULL. Returns the id of the created task.
--   p_data      the answers of the instance, NULL when the step leaves them as they are
--   p_undo      what undoing needs and the caller knows; the rest is added here
--   p_entered   the stage the deal enters (then with p_exit and p_told_stage), NULL when it stays
--   p_assignee  NULL for the deal's owner
--   p_waits     what the step sets up and forgets beside its tasks, under the names processes_apply_step_2 has for it:
--               untimed, unheard, unworked, timers, watches, controlled, wake; NULL for nothing
CREATE FUNCTION processes_apply_plain_step(
    p_instance bigint, p_revision integer, p_now timestamptz, p_actor bigint, p_seq integer, p_stage text, p_data jsonb,
    p_undo jsonb, p_done_token integer, p_outcome text, p_answers jsonb, p_token integer, p_element text, p_name text,
    p_kind text, p_task_stage bigint, p_assignee bigint, p_due timestamptz, p_entered bigint, p_exit text,
    p_told_done jsonb, p_told_stage jsonb, p_told_task jsonb, p_waits jsonb
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_deal deals_deal%ROWTYPE;
    v_made integer := p_revision + 1;
    v_visit record; v_undo jsonb := p_undo; v_data jsonb;
    v_deal_id bigint; v_new_visit bigint; v_done bigint; v_task bigint;
BEGIN
    IF p_data IS NOT NULL THEN
        -- Without a lock: that the revision is still this one when the row is written makes what is read here true.
        SELECT data INTO v_data FROM processes_instance WHERE id = p_instance AND revision = p_revision;
        UPDATE processes_instance SET revision = revision + 1, seq = p_seq, stage = p_stage, data = p_data
        WHERE id = p_instance AND revision = p_revision AND status = 'running' AND tokens IS NULL
        RETURNING deal_id INTO v_deal_id;
    ELSE
        UPDATE processes_instance SET revision = revision + 1, seq = p_seq, stage = p_stage
        WHERE id = p_instance AND revision = p_revision AND status = 'running' AND tokens IS NULL
        RETURNING deal_id INTO v_deal_id;
    END IF;
    IF v_deal_id IS NULL THEN
        RETURN NULL;
    END IF;
    IF v_data <> p_data THEN
        v_undo := v_undo || jsonb_build_object('data', v_data);
    END IF;

    IF p_entered IS NULL THEN
        SELECT * INTO v_deal FROM deals_deal WHERE id = v_deal_id;
    ELSE
        SELECT * INTO v_deal FROM deals_deal WHERE id = v_deal_id FOR NO KEY UPDATE;
        SELECT id, amount INTO v_visit FROM deals_stagevisit WHERE deal_id = v_deal_id AND left_at IS NULL;
        IF v_visit.id IS NOT NULL THEN
            UPDATE deals_stagevisit SET left_at = p_now, exit = p_exit, amount = v_deal.amount WHERE id = v_visit.id;
        END IF;
        INSERT INTO deals_stagevisit (deal_id, stage_id, owner_id, entered_at, amount, is_inferred)
        VALUES (v_deal_id, p_entered, v_deal.owner_id, p_now, v_deal.amount, false) RETURNING id INTO v_new_visit;
        UPDATE deals_deal SET stage_id = p_entered, stage_since = p_now, updated_at = p_now, revision = revision + 1
        WHERE id = v_deal_id;
        -- All visits of the deal so far have lower ids: it is locked.
        v_undo := v_undo || jsonb_build_object('deal', jsonb_build_object(
            'stage', v_deal.stage_id, 'since', v_deal.stage_since, 'note', v_deal.loss_note, 'amount', v_deal.amount,
            'set_amount', NULL, 'expected', v_deal.expected_date, 'set_expected', NULL,
            'last_visit', v_new_visit - 1,
            'visit', CASE WHEN v_visit.id IS NOT NULL THEN jsonb_build_array(v_visit.id, v_visit.amount) END));
    END IF;

    UPDATE processes_task SET status = 'done', completed_at = p_now, completed_by_id = p_actor, outcome = p_outcome,
        answers = p_answers, undo = v_undo
    WHERE instance_id = p_instance AND token = p_done_token AND status = 'open' RETURNING id INTO STRICT v_done;
    INSERT INTO processes_task (instance_id, token, element, name, kind, deal_id, client_id, stage_id, assignee_id,
                                status, created_at, due_at)
    VALUES (p_instance, p_token, p_element, p_name, p_kind, v_deal_id, v_deal.client_id, p_task_stage,
            coalesce(p_assignee, v_deal.owner_id), 'open', p_now, p_due) RETURNING id INTO v_task;
    IF p_entered IS NULL THEN
        INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload) VALUES
            (p_now, 'processes.task.completed', p_actor, v_deal.client_id, v_deal_id, p_instance, v_done, p_told_done),
            (p_now, 'processes.task.created', p_actor, v_deal.client_id, v_deal_id, p_instance, v_task, p_told_task);
    ELSE
        INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload) VALUES
            (p_now, 'processes.task.completed', p_actor, v_deal.client_id, v_deal_id, p_instance, v_done, p_told_done),
            (p_now, 'processes.stage.entered', p_actor, v_deal.client_id, v_deal_id, p_instance, NULL, p_told_stage),
            (p_now, 'processes.task.created', p_actor, v_deal.client_id, v_deal_id, p_instance, v_task, p_told_task);
    END IF;
    IF p_waits IS NOT NULL THEN
        IF p_waits ? 'untimed' THEN
            UPDATE processes_timer AS w SET status = 'cancelled', closed_in = v_made
            FROM jsonb_array_elements(p_waits -> 'untimed') AS u
            WHERE w.instance_id = p_instance AND w.token = (u ->> 0)::integer AND w.status = 'scheduled'
              AND (u ->> 1 IS NULL OR w.element = u ->> 1);
        END IF;
        IF p_waits ? 'unheard' THEN
            UPDATE processes_subscription AS w SET status = 'cancelled', closed_in = v_made
            FROM jsonb_array_elements(p_waits -> 'unheard') AS u
            WHERE w.instance_id = p_instance AND w.token = (u ->> 0)::integer AND w.status = 'waiting'
              AND (u ->> 1 IS NULL OR w.element = u ->> 1);
        END IF;
        IF p_waits ? 'unworked' THEN
            UPDATE processes_work AS w SET held = w.status, status = 'cancelled', closed_in = v_made
            FROM jsonb_array_elements(p_waits -> 'unworked') AS u
            WHERE w.instance_id = p_instance AND w.token = (u ->> 0)::integer
              AND w.status IN ('queued', 'running', 'incident')
              AND (u ->> 1 IS NULL OR w.element = u ->> 1);
        END IF;
        IF p_waits ? 'timers' THEN
            INSERT INTO processes_timer (instance_id, token, element, due_at, status, made_in)
            SELECT p_instance, (w ->> 0)::integer, w ->> 1, (w ->> 2)::timestamptz, 'scheduled', v_made
            FROM jsonb_array_elements(p_waits -> 'timers') AS w;
        END IF;
        IF p_waits ? 'watches' THEN
            INSERT INTO processes_controlwatch (instance_id, token, point, look_at, state)
            SELECT p_instance, (w ->> 0)::integer, w ->> 1, (w ->> 2)::timestamptz, 'scheduled'
            FROM jsonb_array_elements(p_waits -> 'watches') AS w
            ON CONFLICT (instance_id, token, point)
            DO UPDATE SET look_at = EXCLUDED.look_at, state = 'scheduled', seen = NULL;
        END IF;
        IF p_waits ? 'wake' OR (p_waits ? 'controlled' AND EXISTS (
                SELECT FROM processes_deviation v WHERE v.instance_id = p_instance AND v.state <> 'closed')) THEN
            PERFORM pg_notify('kniga_due', '');
        END IF;
    END IF;
    RETURN v_task;
END $$;
