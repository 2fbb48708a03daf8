import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """An act on many deals is prepared by a worker, and knows who let it be carried out."""

    dependencies = [("processes", "0013_kept_signals"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField(
            model_name="bulkact",
            name="begun_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="bulkact",
            name="status",
            field=models.CharField(
                choices=[
                    ("preparing", "Being looked through"),
                    ("planned", "Being prepared"),
                    ("running", "Being carried out"),
                    ("done", "Carried out"),
                    ("undoing", "Being undone"),
                    ("undone", "Undone"),
                ],
                default="planned",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="bulkactrow",
            name="status",
            field=models.CharField(
                choices=[
                    ("untried", "Not looked at yet"),
                    ("fits", "Fits"),
                    ("choice", "Needs a choice"),
                    ("cannot", "Cannot"),
                    ("done", "Done"),
                    ("refused", "Not done"),
                    ("undone", "Undone"),
                    ("kept", "Not undone"),
                ],
                default="fits",
                max_length=10,
            ),
        ),
    ]
