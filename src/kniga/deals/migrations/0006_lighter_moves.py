from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A move of a deal between stages writes every index of its row: fewer of them, and those of the board carry the
    sums, too (instead of `deal_owner_sums`, which goes with processes 0027)."""

    dependencies = [
        ("catalog", "0001_initial"),
        ("deals", "0005_no_foreign_locks"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="deal", name="deal_board"),
        migrations.RemoveIndex(model_name="deal", name="deal_owner_board"),
        migrations.RemoveIndex(model_name="stagevisit", name="visit_stage"),
        migrations.AlterField(
            model_name="deal",
            name="external_key",
            field=models.CharField(blank=True, max_length=200, null=True),
        ),
        migrations.AlterField(
            model_name="deal",
            name="product",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.product",
            ),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["pipeline", "stage", "-stage_since", "-id"],
                include=["amount"],
                name="deal_board",
            ),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["owner", "stage", "-stage_since", "-id"],
                include=["pipeline", "amount"],
                name="deal_owner_board",
            ),
        ),
        migrations.AddConstraint(
            model_name="deal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_key__isnull", False)), fields=("external_key",), name="deal_external_key"
            ),
        ),
    ]
