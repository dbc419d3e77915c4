"""The privacy app: what is held about a prospect, handing it out, taking it away."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = "Privacy"
