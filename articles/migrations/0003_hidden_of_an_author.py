"""An index of the few hidden articles, for whether their author is trusted. The site may serve meanwhile."""

from importlib import import_module

from django.db import migrations, models

AddIndexWhileServing = import_module("articles.migrations.0002_orders_of_lists").AddIndexWhileServing


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("articles", "0002_orders_of_lists"),
    ]

    operations = [
        AddIndexWhileServing(
            model_name="article",
            index=models.Index("author", condition=models.Q(("state", "hidden")), name="article_hidden_of"),
        ),
    ]
