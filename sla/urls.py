"""Addresses of the sla pages."""

from django.urls import path

from sla import health_views, views

urlpatterns = [
    path("attention/", views.attention, name="attention"),
    path("breaches/<int:pk>/explain/", views.explain_breach, name="explain_breach"),
    path("coverage/", views.coverage, name="coverage"),
    path("health/", health_views.health, name="health"),
]
