-- Take back the last step of an instance: the completion of one task. Answers false, having written nothing,
-- when anything has followed it. What was answered stays with the reopened task, so that nothing typed is lost;
-- the ledger keeps both the completion and its undoing.
CREATE OR REPLACE FUNCTION processes_undo_completion(p_task bigint, p_now timestamptz, p_actor bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_task processes_task%ROWTYPE;
    v_instance processes_instance%ROWTYPE;
BEGIN
    SELECT i.* INTO v_instance FROM processes_instance i
    JOIN processes_task t ON t.instance_id = i.id WHERE t.id = p_task FOR UPDATE OF i;
    SELECT * INTO v_task FROM processes_task WHERE id = p_task;
    IF v_task.status IS DISTINCT FROM 'done' OR v_task.undo IS NULL
       OR (v_task.undo ->> 'revision')::integer <> v_instance.revision
       OR EXISTS (SELECT FROM processes_instance n
                  WHERE n.deal_id = v_instance.deal_id AND n.id <> v_instance.id AND n.status = 'running') THEN
        RETURN false;
    END IF;

    DELETE FROM processes_timer w USING processes_task t
    WHERE t.instance_id = v_instance.id AND t.token > (v_task.undo ->> 'seq')::integer AND w.task_id = t.id;
    DELETE FROM processes_task
    WHERE instance_id = v_instance.id AND token > (v_task.undo ->> 'seq')::integer;
    UPDATE processes_task SET status = 'open', completed_at = NULL
    WHERE instance_id = v_instance.id AND status = 'cancelled'
      AND token IN (SELECT value::integer FROM jsonb_array_elements_text(v_task.undo -> 'cancelled'));
    UPDATE processes_task SET status = 'open', completed_at = NULL, completed_by_id = NULL, outcome = NULL,
        undo = NULL
    WHERE id = p_task;
    UPDATE processes_timer w SET status = 'scheduled' FROM processes_task t
    WHERE t.instance_id = v_instance.id AND t.status = 'open' AND w.task_id = t.id AND w.status = 'cancelled';

    IF jsonb_typeof(v_task.undo -> 'deal') = 'object' THEN
        PERFORM 1 FROM deals_deal WHERE id = v_instance.deal_id FOR UPDATE;
        DELETE FROM deals_stagevisit
        WHERE deal_id = v_instance.deal_id AND left_at IS NULL AND entered_at = v_task.completed_at
          AND stage_id IS DISTINCT FROM (v_task.undo -> 'deal' ->> 'stage')::bigint;
        UPDATE deals_stagevisit SET left_at = NULL, exit = NULL
        WHERE id = (SELECT id FROM deals_stagevisit WHERE deal_id = v_instance.deal_id
                    AND left_at = v_task.completed_at ORDER BY id DESC LIMIT 1);
        UPDATE deals_deal SET status = 'open', closed_at = NULL, loss_reason_id = NULL, updated_at = p_now,
            amount = (v_task.undo -> 'deal' ->> 'amount')::numeric,
            expected_date = (v_task.undo -> 'deal' ->> 'expected')::date,
            loss_note = coalesce(v_task.undo -> 'deal' ->> 'note', loss_note),
            revision = revision + 1, stage_id = (v_task.undo -> 'deal' ->> 'stage')::bigint,
            stage_since = (v_task.undo -> 'deal' ->> 'since')::timestamptz
        WHERE id = v_instance.deal_id;
    END IF;
    UPDATE processes_instance SET revision = revision + 1, status = 'running', ended_at = NULL, result = NULL,
        seq = (v_task.undo ->> 'seq')::integer, stage = v_task.undo ->> 'stage',
        data = CASE WHEN jsonb_typeof(v_task.undo -> 'data') = 'object' THEN v_task.undo -> 'data' ELSE data END
    WHERE id = v_instance.id;

    INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
    VALUES (p_now, 'processes.completion.undone', p_actor, v_task.client_id, v_instance.deal_id, v_instance.id,
            p_task, jsonb_build_object('token', v_task.token, 'element', v_task.element, 'outcome', v_task.outcome));
    RETURN true;
END $$;
