from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("processes", "0001_initial"), ("platform", "0003_ledger")]
    operations = [
        migrations.RunSQL(
            (SQL / "apply_step.sql").read_text(),
            "DROP FUNCTION processes_apply_step",
        ),
        migrations.RunSQL(
            (SQL / "undo_completion.sql").read_text(),
            "DROP FUNCTION processes_undo_completion",
        ),
    ]
