import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0004_no_index_of_the_author_alone"),
        ("readership", "0002_reads"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("what", models.CharField(choices=[("view", "views"), ("read", "reads")], max_length=4)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("counted", "counted"),
                            ("author", "the author"),
                            ("staff", "staff"),
                            ("bot", "declared bot"),
                            ("over_rate", "too many from one address"),
                        ],
                        max_length=10,
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "article",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="articles.article",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("number__gt", 0)), name="tally_of_something")
                ],
            },
        ),
    ]
