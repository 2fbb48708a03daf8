from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """The running deals by amount, within a stage or over all. An index for LIKE over keys of other systems, which
    nobody looks for by a part, goes: every index is paid for at every move of a deal."""

    dependencies = [("deals", "0003_sorts")]

    operations = [
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("status", "open")), fields=["-amount", "-id", "stage"], name="deal_open_amount"
            ),
        ),
        migrations.RunSQL(
            "DROP INDEX IF EXISTS deals_deal_external_key_b42a3b59_like",
            "CREATE INDEX deals_deal_external_key_b42a3b59_like ON deals_deal (external_key varchar_pattern_ops)",
        ),
    ]
