"""The team app."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class TeamConfig(AppConfig):
    name = "team"
    verbose_name = "Team"

    def ready(self) -> None:
        # models cannot be imported before the apps are loaded
        from team import sessions, sign_in_log

        user_logged_in.connect(sessions.begin, dispatch_uid="team.sessions.begin")
        sign_in_log.connect()
