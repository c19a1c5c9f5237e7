"""Create the three placements, a free plan so that "Promote this post" works at once, and the head of the ledger."""

from django.db import migrations

CAPACITY = {"front_top": 3, "section_top": 2, "beside": 4}
TERMS = "A moderator decides; there is no right to be promoted. The card is always labelled as promoted."


def create_rows(apps, schema_editor):
    Placement = apps.get_model("promotion", "Placement")
    for code, capacity in CAPACITY.items():
        Placement.objects.get_or_create(code=code, defaults={"capacity": capacity})
    Plan = apps.get_model("promotion", "Plan")
    if not Plan.objects.exists():
        front = Placement.objects.get(code="front_top")
        Plan.objects.create(placement=front, name="Three days on the front page", days=3, terms=TERMS)
    apps.get_model("promotion", "LedgerHead").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("promotion", "0001_initial")]

    operations = [migrations.RunPython(create_rows, migrations.RunPython.noop)]
