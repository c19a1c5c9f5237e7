from django.apps import AppConfig


class SpokespersonConfig(AppConfig):
    name = "spokesperson"
