from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    """Undoing a step that passed several stages gives back the visit that was open before it."""

    dependencies = [("processes", "0010_subscription_match")]
    operations = [
        migrations.RunSQL(
            (SQL / "undo_through_stages.sql").read_text(),
            (SQL / "apply_step_2.sql").read_text() + (SQL / "undo_completion_2.sql").read_text(),
        ),
    ]
