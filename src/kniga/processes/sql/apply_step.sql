-- Carry out the effects of one engine step in one round trip.
--
-- The caller read the instance (and its revision) without a lock and computed the step in Python. The first
-- UPDATE takes the row lock and lets the step through only if nobody moved the instance in between; otherwise the
-- function answers NULL, having written nothing, and the caller reads again. Arrays of one prefix run in parallel.
-- Returns the ids of the created tasks in the order of their tokens.
CREATE OR REPLACE FUNCTION processes_apply_step(
    p_instance bigint, p_revision integer, p_now timestamptz, p_actor bigint,
    p_status text, p_seq integer, p_stage text, p_data jsonb, p_result text,
    p_done_token integer, p_outcome text, p_answers jsonb,
    p_fired_token integer, p_fired_timer text,
    p_cancelled integer[],
    t_token integer[], t_element text[], t_name text[], t_kind text[], t_stage bigint[], t_assignee bigint[],
    t_due timestamptz[],
    w_token integer[], w_element text[], w_due timestamptz[],
    s_stage bigint[], s_exit text[],
    p_deal_status text, p_loss_reason text, p_loss_note text, p_amount numeric, p_expected date,
    e_kind text[], e_token integer[], e_payload jsonb[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    v_deal deals_deal%ROWTYPE;
    v_old_seq integer; v_old_stage text; v_old_data jsonb; v_deal_id bigint;
    v_done bigint; v_tasks bigint[]; v_changes jsonb; i integer;
BEGIN
    UPDATE processes_instance AS n
    SET revision = n.revision + 1, status = p_status, seq = p_seq, stage = p_stage, data = p_data,
        result = p_result, ended_at = CASE WHEN p_status = 'running' THEN NULL ELSE p_now END
    FROM processes_instance AS o
    WHERE n.id = p_instance AND o.id = n.id AND n.revision = p_revision AND n.status = 'running'
    RETURNING n.deal_id, o.seq, o.stage, o.data INTO v_deal_id, v_old_seq, v_old_stage, v_old_data;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    IF cardinality(s_stage) > 0 OR p_deal_status IS NOT NULL OR p_amount IS NOT NULL OR p_expected IS NOT NULL THEN
        SELECT * INTO v_deal FROM deals_deal WHERE id = v_deal_id FOR UPDATE;
    ELSE
        SELECT * INTO v_deal FROM deals_deal WHERE id = v_deal_id;
    END IF;

    IF p_done_token IS NOT NULL THEN
        UPDATE processes_task SET status = 'done', completed_at = p_now, completed_by_id = p_actor,
            outcome = p_outcome, answers = p_answers,
            undo = jsonb_build_object(
                'revision', p_revision + 1, 'seq', v_old_seq, 'stage', v_old_stage, 'cancelled', p_cancelled,
                'data', CASE WHEN v_old_data <> p_data THEN v_old_data END,
                'deal', CASE WHEN cardinality(s_stage) > 0 OR p_deal_status IS NOT NULL OR p_amount IS NOT NULL
                                  OR p_expected IS NOT NULL THEN
                    jsonb_build_object('stage', v_deal.stage_id, 'since', v_deal.stage_since, 'note', v_deal.loss_note,
                                       'amount', v_deal.amount, 'set_amount', p_amount,
                                       'expected', v_deal.expected_date, 'set_expected', p_expected)
                    END)
        WHERE instance_id = p_instance AND token = p_done_token AND status = 'open'
        RETURNING id INTO STRICT v_done;
    END IF;
    IF p_fired_timer IS NOT NULL THEN
        UPDATE processes_timer AS w SET status = 'fired' FROM processes_task AS t
        WHERE t.instance_id = p_instance AND t.token = p_fired_token AND w.task_id = t.id
          AND w.element = p_fired_timer AND w.status = 'scheduled';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the timer % of task token % is not scheduled', p_fired_timer, p_fired_token;
        END IF;
    END IF;
    IF cardinality(p_cancelled) > 0 THEN
        UPDATE processes_task SET status = 'cancelled', completed_at = p_now
        WHERE instance_id = p_instance AND token = ANY(p_cancelled) AND status = 'open';
    END IF;
    IF p_done_token IS NOT NULL OR cardinality(p_cancelled) > 0 THEN
        UPDATE processes_timer AS w SET status = 'cancelled' FROM processes_task AS t
        WHERE t.instance_id = p_instance AND t.token = ANY(p_cancelled || p_done_token) AND w.task_id = t.id
          AND w.status = 'scheduled';
    END IF;

    IF cardinality(t_token) > 0 THEN
        WITH made AS (
            INSERT INTO processes_task (instance_id, token, element, name, kind, deal_id, client_id, stage_id,
                                        assignee_id, status, created_at, due_at)
            SELECT p_instance, n.token, n.element, n.name, n.kind, v_deal.id, v_deal.client_id, n.stage,
                   coalesce(n.assignee, v_deal.owner_id), 'open', p_now, n.due
            FROM unnest(t_token, t_element, t_name, t_kind, t_stage, t_assignee, t_due)
                 AS n (token, element, name, kind, stage, assignee, due)
            RETURNING id, token
        ) SELECT array_agg(id ORDER BY token) INTO v_tasks FROM made;
    END IF;
    IF cardinality(w_token) > 0 THEN
        INSERT INTO processes_timer (task_id, element, due_at, status)
        SELECT t.id, w.element, w.due, 'scheduled'
        FROM unnest(w_token, w_element, w_due) AS w (token, element, due)
        JOIN processes_task t ON t.instance_id = p_instance AND t.token = w.token;
    END IF;

    IF p_amount <> v_deal.amount OR (p_expected IS NOT NULL AND p_expected IS DISTINCT FROM v_deal.expected_date) THEN
        v_changes := jsonb_strip_nulls(jsonb_build_object(
            'amount', CASE WHEN p_amount <> v_deal.amount
                      THEN jsonb_build_array(v_deal.amount::text, p_amount::text) END,
            'expected_date', CASE WHEN p_expected IS DISTINCT FROM v_deal.expected_date AND p_expected IS NOT NULL
                             THEN jsonb_build_array(v_deal.expected_date, p_expected) END));
        v_deal.amount := coalesce(p_amount, v_deal.amount);
        UPDATE deals_deal SET amount = v_deal.amount, expected_date = coalesce(p_expected, expected_date),
            updated_at = p_now, revision = revision + 1
        WHERE id = v_deal.id;
        INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
        VALUES (p_now, 'deals.deal.changed', p_actor, v_deal.client_id, v_deal.id, p_instance, v_done,
                jsonb_build_object('changes', v_changes));
    END IF;
    FOR i IN 1 .. cardinality(s_stage) LOOP
        UPDATE deals_stagevisit SET left_at = p_now, exit = s_exit[i], amount = v_deal.amount
        WHERE deal_id = v_deal.id AND left_at IS NULL;
        INSERT INTO deals_stagevisit (deal_id, stage_id, owner_id, entered_at, amount, is_inferred)
        VALUES (v_deal.id, s_stage[i], v_deal.owner_id, p_now, v_deal.amount, false);
    END LOOP;
    IF p_deal_status IS NOT NULL THEN
        UPDATE deals_stagevisit SET left_at = p_now, exit = p_deal_status, amount = v_deal.amount
        WHERE deal_id = v_deal.id AND left_at IS NULL;
        UPDATE deals_deal SET status = p_deal_status, closed_at = p_now, updated_at = p_now,
            revision = revision + 1, loss_note = coalesce(p_loss_note, loss_note),
            loss_reason_id = (SELECT id FROM deals_lossreason WHERE key = p_loss_reason),
            stage_id = coalesce(s_stage[cardinality(s_stage)], stage_id),
            stage_since = CASE WHEN cardinality(s_stage) > 0 THEN p_now ELSE stage_since END
        WHERE id = v_deal.id;
    ELSIF cardinality(s_stage) > 0 THEN
        UPDATE deals_deal SET stage_id = s_stage[cardinality(s_stage)], stage_since = p_now, updated_at = p_now,
            revision = revision + 1
        WHERE id = v_deal.id;
    END IF;

    INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
    SELECT p_now, e.kind, p_actor, v_deal.client_id, v_deal.id, p_instance,
           CASE WHEN e.token IS NULL THEN NULL WHEN e.token = p_done_token THEN v_done
                ELSE (SELECT t.id FROM processes_task t WHERE t.instance_id = p_instance AND t.token = e.token) END,
           e.payload
    FROM unnest(e_kind, e_token, e_payload) WITH ORDINALITY AS e (kind, token, payload, position)
    ORDER BY e.position;

    RETURN coalesce(v_tasks, '{}');
END $$;
