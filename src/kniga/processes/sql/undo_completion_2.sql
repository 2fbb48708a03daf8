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
    IF v_task.status IS DISTINCT FROM 'done' OR v_task.undo IS NULL OR v_revision <> v_instance.revision
       OR v_instance.status = 'suspended'
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
        DELETE FROM deals_stagevisit
        WHERE deal_id = v_instance.deal_id AND left_at IS NULL AND entered_at = v_task.completed_at
          AND stage_id IS DISTINCT FROM (v_task.undo -> 'deal' ->> 'stage')::bigint;
        UPDATE deals_stagevisit SET left_at = NULL, exit = NULL, amount = v_amount
        WHERE id = (SELECT id FROM deals_stagevisit WHERE deal_id = v_instance.deal_id
                    AND left_at = v_task.completed_at ORDER BY id DESC LIMIT 1);
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
