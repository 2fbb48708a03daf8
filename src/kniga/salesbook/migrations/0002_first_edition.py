"""A department that worked before there were editions begins with one, made of what is published."""

import hashlib

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone


def make_first(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    ProcessVersion = apps.get_model("processes", "ProcessVersion")
    versions = list(ProcessVersion.objects.filter(status="published").order_by("process_id").select_related("process"))
    if not versions:
        return
    organisation = apps.get_model("platform", "Organisation").objects.filter(id=1).first()
    digest = hashlib.sha256(" ".join(f"{one.process.key}:{one.number}" for one in versions).encode()).hexdigest()
    edition = apps.get_model("salesbook", "BookEdition").objects.create(
        number=1,
        digest=digest,
        organisation=organisation.name if organisation else "",
        made_at=max((one.published_at for one in versions if one.published_at), default=timezone.now()),
    )
    EditionVersion = apps.get_model("salesbook", "EditionVersion")
    for place, version in enumerate(versions):
        EditionVersion.objects.create(edition=edition, version=version, position=place)


class Migration(migrations.Migration):
    dependencies = [("salesbook", "0001_initial"), ("platform", "0003_ledger")]
    operations = [migrations.RunPython(make_first, migrations.RunPython.noop)]
