"""Addresses of the handoffs pages."""

from django.urls import path, re_path

from handoffs.models import Letter
from handoffs.views import (
    brief,
    bulk,
    calibration,
    data_work,
    decisions,
    export,
    fairness,
    form,
    home,
    letters,
    prepare,
    queue,
    rulings,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("queue/", queue.queue, name="queue"),
    *[path(f"queue/{name}/", bulk.many, {"name": name}, f"queue_{name}") for name in bulk.ACTIONS],
    path("whose-turn/", fairness.fairness, name="fairness"),
    path("calibration/", calibration.overview, name="calibration"),
    path("calibration/score/", calibration.score, name="calibration_score"),
    path("rulings/", rulings.search, name="rulings"),
    path("data/recheck/", data_work.recheck, name="recheck"),
    path("data/recheck/<int:pk>/", data_work.verified, name="recheck_verified"),
    path("data/enrich/", data_work.enrich_first, name="enrich_first"),
    path("data/enrich/<int:pk>/", data_work.enrich, name="enrich_account"),
    path("handoffs/new/", form.new, name="handoff_new"),
    path("handoffs/accounts/", form.accounts, name="handoff_accounts"),
    path("handoffs/<int:pk>/", brief.brief, name="handoff"),
    path("handoffs/<int:pk>/edit/", form.edit, name="handoff_edit"),
    path("handoffs/<int:pk>/gaps/", form.gaps, name="handoff_gaps"),
    path("handoffs/<int:pk>/prepare/", prepare.prepare, name="handoff_prepare"),
    path(
        "handoffs/<int:pk>/introduction/",
        letters.letter,
        {"kind": Letter.Kind.INTRODUCTION},
        "handoff_introduction",
    ),
    path(
        "handoffs/<int:pk>/prep-email/",
        letters.letter,
        {"kind": Letter.Kind.PREP},
        "handoff_prep_email",
    ),
    re_path(
        r"^handoffs/(?P<pk>[0-9]{1,18})/opportunity\.(?P<form>csv|xlsx|json)$",
        export.package,
        name="handoff_export",
    ),
    *[
        path(
            f"handoffs/<int:pk>/{decision.path}/",
            decisions.decide,
            {"name": name},
            decision.url_name,
        )
        for name, decision in decisions.DECISIONS.items()
    ],
]
