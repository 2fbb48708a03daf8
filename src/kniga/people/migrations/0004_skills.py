from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    """People have skills; so far nobody has one."""

    dependencies = [("people", "0003_notices_told_again")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="skills",
            field=ArrayField(models.CharField(max_length=100), blank=True, db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name="user",
            name="skill_keys",
            field=ArrayField(models.TextField(), db_default=[], default=list, editable=False, size=None),
        ),
    ]
