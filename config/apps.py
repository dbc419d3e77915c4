"""The config app: hides what must not stand in the admin, syncs the schedules after a migration."""

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib import admin
from django.db.models.signals import post_migrate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

# A staff user who may add a django-q2 schedule can run any function; axes’ rows hold passwords’
# neighbours (addresses, user names) that nobody needs to browse.
KEPT_OUT_OF_THE_ADMIN = ("django_q", "axes")
# django-allauth’s, where they are switched on
PAGES_OF_SIGN_IN = ("account", "mfa", "socialaccount")


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Set-up"

    def ready(self) -> None:
        # django-q2 can only be imported once the apps are loaded; the checks register themselves
        from django_q.signals import post_execute_in_worker

        from config import checks  # noqa: F401
        from config.starved import end_if_starved

        found = {config.label for config in apps.get_app_configs()}
        for label in [*KEPT_OUT_OF_THE_ADMIN, *found.intersection(PAGES_OF_SIGN_IN)]:
            for model in apps.get_app_config(label).get_models():
                if admin.site.is_registered(model):
                    admin.site.unregister(model)
        # The admin’s own front page lists its apps; the name of the product leads to My work
        admin.site.index = _my_work  # type: ignore[method-assign, assignment]
        if settings.SIGN_IN_PAGES:
            from allauth.account.decorators import secure_admin_login

            admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
        if settings.TWO_STEP != "off":
            from config.sign_in import changes

            changes.connect()
        post_execute_in_worker.connect(end_if_starved, dispatch_uid="config.starved")
        post_migrate.connect(_sync_schedules, sender=apps.get_app_config("django_q"))


def _my_work(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    return redirect("home")


def _sync_schedules(*, apps: Any = apps, **kwargs: Any) -> None:
    """After a migration, once django-q2’s table is as this release has it."""
    from config import schedules  # models cannot be imported before the apps are loaded

    if schedules.has_its_table(apps):
        schedules.sync()
