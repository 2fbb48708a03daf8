-- A completion remembers which visit of a stage was open before it, so that undoing it gives the funnel back as it
-- was, however many stages the step has passed. The functions keep their names: whoever calls them gets the new ones.

-- Carry out the effects of one engine step in one round trip. The step comes as one JSON document; what it has
-- nothing to say about is absent from it.
--
-- The caller read the instance (and its revision) without a lock and computed the step in Python. The first
-- UPDATE takes the row lock and lets the step through only if nobody moved the instance in between; otherwise the
-- function answers NULL, having written nothing, and the caller reads again.
-- Rows that wait (timers, subscriptions, work) carry the revisions that made and closed them: undoing needs nothing
-- else. Returns the ids of the created tasks in the order of their tokens.
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

    IF p ? 'wake' THEN
        PERFORM pg_notify('kniga_due', '');
    END IF;
    RETURN coalesce(v_tasks, '{}');
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
    v_amount numeric; v_expected date; v_revision integer;
BEGIN
    SELECT i.* INTO v_instance FROM processes_instance i
    JOIN processes_task t ON t.instance_id = i.id WHERE t.id = p_task FOR UPDATE OF i;
    SELECT * INTO v_task FROM processes_task WHERE id = p_task;
    v_revision := (v_task.undo ->> 'revision')::integer;
    -- Whoever is just taking up work of this step has taken it, or finds it gone.
    PERFORM 1 FROM processes_work WHERE instance_id = v_instance.id AND made_in = v_revision ORDER BY id FOR UPDATE;
    IF v_task.status IS DISTINCT FROM 'done' OR v_task.undo IS NULL OR v_revision <> v_instance.revision
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
