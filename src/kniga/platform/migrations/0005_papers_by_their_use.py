from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0004_papers"),
    ]

    operations = [
        migrations.AddField(
            model_name="paper",
            name="shelf",
            field=models.CharField(default="document", max_length=10),
            preserve_default=False,
        ),
        migrations.RenameField(model_name="paper", old_name="made_at", new_name="used_at"),
        migrations.AlterField(model_name="paper", name="used_at", field=models.DateTimeField()),
    ]
