from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    """What a check said stays with the version; acts on many instances at once, and their undoing."""

    dependencies = [
        ("processes", "0007_functions_2"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="processversion",
            name="check_seconds",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="processversion",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="processversion",
            name="problems",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="processversion",
            name="retired_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="processversion",
            name="verdict",
            field=models.CharField(
                blank=True,
                choices=[("sound", "Sound"), ("unsound", "Not sound"), ("not_proved", "Not proved")],
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="processes.processversion",
            ),
        ),
        migrations.AlterField(
            model_name="processversion",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("checked", "Checked"),
                    ("published", "Published"),
                    ("retired", "Retired"),
                ],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="BulkAct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("move", "Move to another version"),
                            ("cancel", "Stop"),
                            ("suspend", "Pause"),
                            ("resume", "Resume"),
                            ("send", "Send to a step"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
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
                ("element", models.CharField(blank=True, default="", max_length=100)),
                ("scope", models.JSONField(default=dict)),
                ("mapping", models.JSONField(default=dict)),
                ("reason", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("touched_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undo_reason", models.TextField(blank=True, default="")),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "process",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="acts", to="processes.process"
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="processes.processversion",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="processes.processversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BulkActRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
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
                ("why", models.JSONField(null=True)),
                ("choices", models.JSONField(null=True)),
                ("revision", models.PositiveIntegerField(null=True)),
                ("before", models.JSONField(null=True)),
                ("acted_at", models.DateTimeField(null=True)),
                (
                    "act",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="processes.bulkact",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="act_rows", to="processes.instance"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="bulkact",
            index=models.Index(
                condition=models.Q(("status__in", ("running", "undoing"))),
                fields=["touched_at"],
                name="bulk_act_at_work",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkactrow",
            index=models.Index(fields=["act", "status", "id"], name="bulk_act_row_status"),
        ),
        migrations.AddConstraint(
            model_name="bulkactrow",
            constraint=models.UniqueConstraint(fields=("act", "instance"), name="bulk_act_row_once"),
        ),
        migrations.RunSQL(
            (SQL / "versions_never_change.sql").read_text(),
            "DROP TRIGGER processes_version_never_changes ON processes_processversion;"
            " DROP FUNCTION processes_guard_version",
        ),
        migrations.RunSQL(
            (SQL / "bulk_acts.sql").read_text(),
            "DROP FUNCTION processes_bulk_steps; DROP FUNCTION processes_bulk_step;"
            " DROP FUNCTION processes_bulk_switch; DROP FUNCTION processes_undo_bulk_step",
        ),
    ]
