from __future__ import annotations

import django.db.models.functions.comparison
from django.db import migrations, models

AGE = django.db.models.functions.comparison.Coalesce("stage_since", "opened_at")


class Migration(migrations.Migration):
    """Deals by the time in their stage: open ones apart, whose list passed by all closed deals."""

    dependencies = [("deals", "0006_lighter_moves")]

    operations = [
        migrations.RemoveIndex(model_name="deal", name="deal_stage_since"),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(AGE, models.F("id"), condition=models.Q(("status", "open")), name="deal_open_age"),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                AGE, models.F("id"), condition=models.Q(("status", "open"), _negated=True), name="deal_closed_age"
            ),
        ),
    ]
