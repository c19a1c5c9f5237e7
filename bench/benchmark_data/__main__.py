import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spokesperson.settings")
django.setup()

from bench.benchmark_data.command import Command  # noqa: E402 - needs the settings

Command().run_from_argv(["python -m", "bench.benchmark_data", *sys.argv[1:]])
