from django.db import migrations

FORWARD = """
-- Timers were set for tasks; a task's row names its instance and token.
UPDATE processes_timer w SET instance_id = t.instance_id, token = t.token
FROM processes_task t WHERE t.id = w.task_id;

-- Where a timer that does not interrupt has fired, the tokens are more than the open tasks tell.
UPDATE processes_instance i SET tokens = jsonb_build_object('format', 1, 'fired', '[]'::jsonb, 'tokens', s.tokens)
FROM (
    SELECT t.instance_id, jsonb_agg(jsonb_build_array(t.token, t.element, coalesce(f.fired, '[]')) ORDER BY t.token)
           AS tokens
    FROM processes_task t
    LEFT JOIN LATERAL (SELECT jsonb_agg(w.element ORDER BY w.element) AS fired FROM processes_timer w
                       WHERE w.task_id = t.id AND w.status = 'fired') f ON true
    WHERE t.status = 'open'
    GROUP BY t.instance_id HAVING bool_or(f.fired IS NOT NULL)
) s WHERE s.instance_id = i.id AND i.status = 'running';

-- Why an instance ended stood in the ledger alone.
UPDATE processes_instance i SET reason = e.payload ->> 'reason'
FROM platform_event e
WHERE e.instance_id = i.id AND i.status = 'ended' AND e.kind = 'processes.instance.ended';
UPDATE processes_instance i SET reason = e.payload ->> 'reason'
FROM platform_event e
WHERE e.instance_id = i.id AND i.status = 'cancelled' AND e.kind = 'processes.instance.cancelled';
"""


class Migration(migrations.Migration):
    """Timers belong to tokens, fired ones to the instance's own record of its tokens."""

    dependencies = [("processes", "0005_whole_engine"), ("platform", "0003_ledger")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
