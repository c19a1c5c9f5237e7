"""Mark the images of articles that are hidden already."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def mark_hidden_images(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    revisions = apps.get_model("articles", "Revision").objects.filter(article__state="hidden")
    apps.get_model("articles", "Image").objects.filter(pk__in=revisions.values("image")).update(is_hidden=True)


class Migration(migrations.Migration):
    dependencies = [("articles", "0012_images_in_texts")]

    operations = [migrations.RunPython(mark_hidden_images, migrations.RunPython.noop)]
