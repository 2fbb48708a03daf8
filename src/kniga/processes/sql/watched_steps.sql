-- A step also writes what control points watch from now on: `watches` [token, point, moment]. `controlled` says that it
-- ended a step with control points: if one of them was a deviation, the workers are woken to close it.
CREATE OR REPLACE FUNCTION processes_apply_step_2(p jsonb) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint := (p ->> 'instance')::bigint;
    v_revision integer := (p ->> 'revision')::integer;
    v_now timestamptz := (p ->> 'now')::timestamptz;
    v_actor bigint := (p ->> 'actor')::bigint;
    v_status text := p ->> 'status';
    v_done_token integer := (p -> 'done' ->> 'token')::integer;
    v_closed text := p ->> 'deal_status';
    v_amount numeric := (p ->> 'amount')::numeric;
    v_expected date := (p ->> 'expected')::date;
    v_stages jsonb := p -> 'stages';
    v_stage bigint;
    v_deal deals_deal%ROWTYPE;
    v_old processes_instance%ROWTYPE;
    v_deal_id bigint; v_made integer; v_done bigint; v_tasks bigint[]; v_changes jsonb; v_entry jsonb;
BEGIN
    UPDATE processes_instance AS n
    SET revision = n.revision + 1, status = v_status, seq = (p ->> 'seq')::integer, stage = p ->> 'stage',
        data = coalesce(p -> 'data', n.data), tokens = p -> 'tokens', result = p ->> 'result', reason = p ->> 'reason',
        version_id = coalesce((p ->> 'version')::bigint, n.version_id),
        ended_at = CASE WHEN v_status = 'running' THEN NULL ELSE v_now END
    FROM processes_instance AS o
    WHERE n.id = v_id AND o.id = n.id AND n.revision = v_revision AND n.status = 'running'
    RETURNING o.seq, o.stage, o.data, o.tokens, n.deal_id
    INTO v_old.seq, v_old.stage, v_old.data, v_old.tokens, v_deal_id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    v_made := v_revision + 1;
    v_stage := (v_stages -> -1 ->> 0)::bigint;

    IF v_stage IS NOT NULL OR v_closed IS NOT NULL OR v_amount IS NOT NULL OR v_expected IS NOT NULL THEN
        SELECT * INTO v_deal FROM deals_deal WHERE id = v_deal_id FOR UPDATE;
    ELSE
        SELECT * INTO v_deal FROM deals_deal WHERE id = v_deal_id;
    END IF;

    IF v_done_token IS NOT NULL THEN
        UPDATE processes_task SET status = 'done', completed_at = v_now, completed_by_id = v_actor,
            outcome = p -> 'done' ->> 'outcome', answers = p -> 'done' -> 'answers',
            undo = jsonb_build_object(
                'revision', v_made, 'seq', v_old.seq, 'stage', v_old.stage,
                'cancelled', coalesce(p -> 'cancelled', '[]'), 'tokens', v_old.tokens,
                'data', CASE WHEN p ? 'data' AND v_old.data <> p -> 'data' THEN v_old.data END,
                'deal', CASE WHEN v_stage IS NOT NULL OR v_closed IS NOT NULL OR v_amount IS NOT NULL
                                  OR v_expected IS NOT NULL THEN
                    jsonb_build_object('stage', v_deal.stage_id, 'since', v_deal.stage_since, 'note', v_deal.loss_note,
                                       'amount', v_deal.amount, 'set_amount', v_amount,
                                       'expected', v_deal.expected_date, 'set_expected', v_expected,
                                       'visit', (SELECT jsonb_build_array(v.id, v.amount) FROM deals_stagevisit v
                                                 WHERE v.deal_id = v_deal.id AND v.left_at IS NULL),
                                       'last_visit', (SELECT coalesce(max(v.id), 0) FROM deals_stagevisit v
                                                      WHERE v.deal_id = v_deal.id))
                    END)
        WHERE instance_id = v_id AND token = v_done_token AND status = 'open'
        RETURNING id INTO STRICT v_done;
    END IF;
    IF p ? 'fired' THEN
        UPDATE processes_timer SET status = 'fired', closed_in = v_made
        WHERE id = (p ->> 'fired')::bigint AND instance_id = v_id AND status = 'scheduled';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the timer % is not scheduled', p ->> 'fired';
        END IF;
    END IF;
    IF p ? 'caught' THEN
        UPDATE processes_subscription SET status = 'caught', closed_in = v_made
        WHERE id = (p ->> 'caught')::bigint AND instance_id = v_id AND status = 'waiting';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'nobody waits any more under the subscription %', p ->> 'caught';
        END IF;
    END IF;
    IF p ? 'worked' THEN
        UPDATE processes_work SET status = p -> 'worked' ->> 'status', closed_in = v_made,
            error = coalesce(p -> 'worked' ->> 'error', error)
        WHERE id = (p -> 'worked' ->> 'id')::bigint AND instance_id = v_id
          AND status IN ('queued', 'running', 'incident');
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the work % is over', p -> 'worked' ->> 'id';
        END IF;
    END IF;
    IF p ? 'cancelled' THEN
        UPDATE processes_task SET status = 'cancelled', completed_at = v_now
        WHERE instance_id = v_id AND status = 'open'
          AND token IN (SELECT t::integer FROM jsonb_array_elements_text(p -> 'cancelled') AS t);
    END IF;
    IF p ? 'untimed' THEN
        UPDATE processes_timer AS w SET status = 'cancelled', closed_in = v_made
        FROM jsonb_array_elements(p -> 'untimed') AS u
        WHERE w.instance_id = v_id AND w.token = (u ->> 0)::integer AND w.status = 'scheduled'
          AND (u ->> 1 IS NULL OR w.element = u ->> 1);
    END IF;
    IF p ? 'unheard' THEN
        UPDATE processes_subscription AS w SET status = 'cancelled', closed_in = v_made
        FROM jsonb_array_elements(p -> 'unheard') AS u
        WHERE w.instance_id = v_id AND w.token = (u ->> 0)::integer AND w.status = 'waiting'
          AND (u ->> 1 IS NULL OR w.element = u ->> 1);
    END IF;
    IF p ? 'unworked' THEN
        UPDATE processes_work AS w SET held = w.status, status = 'cancelled', closed_in = v_made
        FROM jsonb_array_elements(p -> 'unworked') AS u
        WHERE w.instance_id = v_id AND w.token = (u ->> 0)::integer AND w.status IN ('queued', 'running', 'incident')
          AND (u ->> 1 IS NULL OR w.element = u ->> 1);
    END IF;

    IF p ? 'tasks' THEN
        WITH made AS (
            INSERT INTO processes_task (instance_id, token, element, name, kind, deal_id, client_id, stage_id,
                                        assignee_id, status, created_at, due_at)
            SELECT v_id, (n ->> 0)::integer, n ->> 1, n ->> 2, n ->> 3, v_deal.id, v_deal.client_id,
                   (n ->> 4)::bigint, coalesce((n ->> 5)::bigint, v_deal.owner_id), 'open', v_now,
                   (n ->> 6)::timestamptz
            FROM jsonb_array_elements(p -> 'tasks') AS n
            RETURNING id, token
        ) SELECT array_agg(id ORDER BY token) INTO v_tasks FROM made;
    END IF;
    IF p ? 'moved' THEN
        UPDATE processes_task AS t SET element = m ->> 1, name = m ->> 2, kind = m ->> 3, stage_id = (m ->> 4)::bigint
        FROM jsonb_array_elements(p -> 'moved') AS m
        WHERE t.instance_id = v_id AND t.token = (m ->> 0)::integer AND t.status = 'open';
    END IF;
    IF p ? 'timers' THEN
        INSERT INTO processes_timer (instance_id, token, element, due_at, status, made_in)
        SELECT v_id, (w ->> 0)::integer, w ->> 1, (w ->> 2)::timestamptz, 'scheduled', v_made
        FROM jsonb_array_elements(p -> 'timers') AS w;
    END IF;
    IF p ? 'subscriptions' THEN
        INSERT INTO processes_subscription (instance_id, token, element, kind, name, correlation, key, deal_id,
                                            client_id, status, created_at, made_in)
        SELECT v_id, (w ->> 0)::integer, w ->> 1, w ->> 2, w ->> 3, w ->> 4, w ->> 5, v_deal.id, v_deal.client_id,
               'waiting', v_now, v_made
        FROM jsonb_array_elements(p -> 'subscriptions') AS w;
    END IF;
    IF p ? 'watches' THEN
        INSERT INTO processes_controlwatch (instance_id, token, point, look_at, state)
        SELECT v_id, (w ->> 0)::integer, w ->> 1, (w ->> 2)::timestamptz, 'scheduled'
        FROM jsonb_array_elements(p -> 'watches') AS w
        ON CONFLICT (instance_id, token, point)
        DO UPDATE SET look_at = EXCLUDED.look_at, state = 'scheduled', seen = NULL;
    END IF;
    IF p ? 'version' THEN
        -- The version left may have watched other things: a worker derives anew what is watched at the open steps.
        INSERT INTO processes_controlwatch (instance_id, token, point, look_at, state)
        SELECT v_id, t.token, '', v_now, 'scheduled' FROM processes_task t
        WHERE t.instance_id = v_id AND t.status = 'open'
        ON CONFLICT (instance_id, token, point) DO NOTHING;
    END IF;
    IF p ? 'work' THEN
        INSERT INTO processes_work (instance_id, token, element, action, params, item, next_at, status, held, attempts,
                                    error, created_at, made_in)
        SELECT v_id, (w ->> 0)::integer, w ->> 1, w ->> 2, w -> 3, w ->> 4, (w ->> 5)::timestamptz, w ->> 6, '', 0, '',
               v_now, v_made
        FROM jsonb_array_elements(p -> 'work') AS w;
    END IF;

    IF v_amount <> v_deal.amount OR (v_expected IS NOT NULL AND v_expected IS DISTINCT FROM v_deal.expected_date) THEN
        v_changes := jsonb_strip_nulls(jsonb_build_object(
            'amount', CASE WHEN v_amount <> v_deal.amount
                      THEN jsonb_build_array(v_deal.amount::text, v_amount::text) END,
            'expected_date', CASE WHEN v_expected IS DISTINCT FROM v_deal.expected_date AND v_expected IS NOT NULL
                             THEN jsonb_build_array(v_deal.expected_date, v_expected) END));
        v_deal.amount := coalesce(v_amount, v_deal.amount);
        UPDATE deals_deal SET amount = v_deal.amount, expected_date = coalesce(v_expected, expected_date),
            updated_at = v_now, revision = revision + 1
        WHERE id = v_deal.id;
        INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
        VALUES (v_now, 'deals.deal.changed', v_actor, v_deal.client_id, v_deal.id, v_id, v_done,
                jsonb_build_object('changes', v_changes));
    END IF;
    IF v_stage IS NOT NULL THEN
        FOR v_entry IN SELECT e FROM jsonb_array_elements(v_stages) AS e LOOP
            UPDATE deals_stagevisit SET left_at = v_now, exit = v_entry ->> 1, amount = v_deal.amount
            WHERE deal_id = v_deal.id AND left_at IS NULL;
            INSERT INTO deals_stagevisit (deal_id, stage_id, owner_id, entered_at, amount, is_inferred)
            VALUES (v_deal.id, (v_entry ->> 0)::bigint, v_deal.owner_id, v_now, v_deal.amount, false);
        END LOOP;
    END IF;
    IF v_closed IS NOT NULL THEN
        UPDATE deals_stagevisit SET left_at = v_now, exit = v_closed, amount = v_deal.amount
        WHERE deal_id = v_deal.id AND left_at IS NULL;
        UPDATE deals_deal SET status = v_closed, closed_at = v_now, updated_at = v_now,
            revision = revision + 1, loss_note = coalesce(p ->> 'loss_note', loss_note),
            loss_reason_id = (SELECT id FROM deals_lossreason WHERE key = p ->> 'loss_reason'),
            stage_id = coalesce(v_stage, stage_id),
            stage_since = CASE WHEN v_stage IS NOT NULL THEN v_now ELSE stage_since END
        WHERE id = v_deal.id;
    ELSIF v_stage IS NOT NULL THEN
        UPDATE deals_deal SET stage_id = v_stage, stage_since = v_now, updated_at = v_now, revision = revision + 1
        WHERE id = v_deal.id;
    END IF;

    INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
    SELECT v_now, e ->> 0, v_actor, v_deal.client_id, v_deal.id, v_id,
           CASE WHEN e ->> 1 IS NULL THEN NULL WHEN (e ->> 1)::integer = v_done_token THEN v_done
                ELSE (SELECT t.id FROM processes_task t
                      WHERE t.instance_id = v_id AND t.token = (e ->> 1)::integer) END,
           e -> 2
    FROM jsonb_array_elements(p -> 'events') WITH ORDINALITY AS n (e, position)
    ORDER BY n.position;

    IF p ? 'wake' OR (p ? 'controlled' AND EXISTS (
            SELECT FROM processes_deviation v WHERE v.instance_id = v_id AND v.state <> 'closed')) THEN
        PERFORM pg_notify('kniga_due', '');
    END IF;
    RETURN coalesce(v_tasks, '{}');
END $$;
