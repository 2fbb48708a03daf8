from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("platform", "0002_initial")]
    operations = [
        migrations.RunSQL(
            (SQL / "ledger.sql").read_text(),
            "DROP TABLE platform_event, platform_cache; DROP FUNCTION platform_ensure_partitions, platform_event_is_append_only;",
        ),
    ]
