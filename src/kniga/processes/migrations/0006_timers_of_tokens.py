from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    """Timers belong to tokens, fired ones to the instance's own record of its tokens."""

    dependencies = [("processes", "0005_whole_engine"), ("platform", "0003_ledger")]
    operations = [migrations.RunSQL((SQL / "timers_of_tokens.sql").read_text(), migrations.RunSQL.noop)]
