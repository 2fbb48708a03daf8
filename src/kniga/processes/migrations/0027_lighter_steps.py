from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
OPEN_SUMS = """
CREATE INDEX deal_owner_sums ON deals_deal (owner_id, pipeline_id, stage_id) INCLUDE (id, amount)
WHERE status = 'open'
"""
FORMER_TRIGGERS = """
DROP TRIGGER processes_instance_changed ON processes_instance;
DROP TRIGGER processes_deal_changed ON deals_deal;
CREATE TRIGGER processes_instance_changed AFTER UPDATE OF revision, status ON processes_instance FOR EACH ROW
WHEN (OLD.revision <> NEW.revision OR OLD.status <> NEW.status) EXECUTE FUNCTION processes_mark_instance();
CREATE TRIGGER processes_deal_changed AFTER UPDATE OF revision, amount, stage_id, owner_id ON deals_deal FOR EACH ROW
WHEN ((OLD.revision, OLD.amount, OLD.stage_id, OLD.owner_id)
      IS DISTINCT FROM (NEW.revision, NEW.amount, NEW.stage_id, NEW.owner_id)) EXECUTE FUNCTION processes_mark_deal();
"""


class Migration(migrations.Migration):
    """Less is written beside the rows of a completion: three to eight index entries fewer, and a trigger."""

    dependencies = [
        ("clients", "0001_initial"),
        ("deals", "0006_lighter_moves"),
        ("processes", "0026_undo_of_taking_up"),
    ]

    operations = [
        migrations.RunSQL("DROP INDEX deal_owner_sums", OPEN_SUMS),
        migrations.RemoveIndex(model_name="task", name="task_open_instance"),
        migrations.RemoveIndex(model_name="task", name="task_deal"),
        migrations.RemoveIndex(model_name="task", name="task_client"),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["client"], name="task_of_client"),
        ),
        migrations.RunSQL((SQL / "control_marks_2.sql").read_text(), FORMER_TRIGGERS),
    ]
