"""Worker processes that are killed at a named step: `python -m tests.workers.process <address of Stripe>`.

Django is loaded once; each line of standard input, `[[<function>, <arguments>...], [<step>, "before" or "after"]]`, is
a process of its own, forked from it. A step is the dotted path of a function; without one, the process ends by itself.
The answer is a line with its exit code, negative for a signal.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import django


def work() -> None:
    """Do what a worker does: the periodic jobs that are due, and all tasks in the queue."""
    from django.core.management import call_command

    from core import periodic

    periodic.run_due()
    call_command("db_worker", queue_name="*", batch=True, interval=0, startup_delay=False, reload=False)


def run_tasks() -> None:
    """Run all tasks in the queue."""
    from django.core.management import call_command

    call_command("db_worker", queue_name="*", batch=True, interval=0, startup_delay=False, reload=False)


def start_payment(promotion_id: int) -> None:
    """Do what "Pay" does."""
    from payments import RedirectNeeded

    from articles.promotion.models import Promotion
    from articles.promotion.services.payments import open_payment

    with suppress(RedirectNeeded):
        open_payment(promotion=Promotion.objects.get(pk=promotion_id), variant="stripe").get_form(data={})


def hide_article(article_id: int) -> None:
    from articles.models import Article
    from articles.services.publishing import hide

    hide(article=Article.objects.get(pk=article_id))


def delete_image(image_id: int) -> None:
    from articles.models import Image
    from articles.services import images

    images.delete_image(Image.objects.get(pk=image_id))


def remove_avatar(user_id: int) -> None:
    from accounts.models import User
    from accounts.services import clear_profile

    clear_profile(user=User.objects.get(pk=user_id))


def kill_at(step: str, when: str) -> None:
    """Replace a function by one that kills the process before or after it is called."""
    from django.utils.module_loading import import_string

    owner_path, _, name = step.rpartition(".")
    try:
        owner = import_string(owner_path)
    except ImportError:
        owner = __import__(owner_path, fromlist=[name])
    function: Callable[..., Any] = getattr(owner, name)

    def killed(*args: Any, **kwargs: Any) -> None:
        if when == "after":
            function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, killed)


def load() -> None:
    """Import what the processes need, so that it is imported once."""
    from django.conf import settings
    from django.core.management import get_commands
    from django.urls import get_resolver
    from django.utils.module_loading import autodiscover_modules, import_string

    get_resolver().url_patterns  # noqa: B018 - imports the views
    autodiscover_modules("tasks")
    for job in settings.PERIODIC_JOBS:
        if " " not in job and "." in job:
            import_string(job)
    import_string(f"{get_commands()['db_worker']}.management.commands.db_worker.Command")
    import_string(settings.PAYMENT_VARIANTS["stripe"][0])


def main() -> None:
    """Fork a process for each line."""
    django.setup()
    load()
    import stripe

    stripe.api_base = sys.argv[1]
    for line in sys.stdin:
        (name, *arguments), step = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                if step:
                    kill_at(*step)
                globals()[name](*arguments)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        _pid, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
