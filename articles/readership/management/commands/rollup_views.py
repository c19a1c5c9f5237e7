"""`manage.py rollup_views`: what the task does, for a timer or by hand."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import ngettext

from articles.readership import services


class Command(BaseCommand):
    help = "Moves waiting views into the public numbers; drops old rows and salts."

    def handle(self, *args: Any, **options: Any) -> None:
        moved, dropped = services.rollup(), services.delete_old_data()
        self.stdout.write(ngettext("%d view aggregated.", "%d views aggregated.", moved) % moved)
        if dropped:
            self.stdout.write(ngettext("%d old row deleted.", "%d old rows deleted.", dropped) % dropped)
