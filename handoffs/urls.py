"""Addresses of the handoffs pages."""

from django.urls import path

from handoffs.views import brief, decisions, form, home, queue

urlpatterns = [
    path("", home.home, name="home"),
    path("queue/", queue.queue, name="queue"),
    path("handoffs/new/", form.new, name="handoff_new"),
    path("handoffs/accounts/", form.accounts, name="handoff_accounts"),
    path("handoffs/<int:pk>/", brief.brief, name="handoff"),
    path("handoffs/<int:pk>/edit/", form.edit, name="handoff_edit"),
    path("handoffs/<int:pk>/gaps/", form.gaps, name="handoff_gaps"),
    *[
        path(f"handoffs/<int:pk>/{name}/", decisions.decide, {"name": name}, decision.url_name)
        for name, decision in decisions.DECISIONS.items()
    ],
]
