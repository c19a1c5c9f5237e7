from django.apps import AppConfig


class SpokespersonConfig(AppConfig):
    name = "spokesperson"

    def ready(self) -> None:
        from spokesperson import checks, log_events  # noqa: F401, PLC0415 - registers the checks

        log_events.connect()
