"""Addresses of the sla pages."""

from django.urls import path

from sla import health_views, minutes_views, views

urlpatterns = [
    path("attention/", views.attention, name="attention"),
    path("breaches/<int:pk>/explain/", views.explain_breach, name="explain_breach"),
    path("coverage/", views.coverage, name="coverage"),
    path("map/", views.coverage_map, name="coverage_map"),
    path("handoffs/<int:pk>/minutes/", minutes_views.minutes, name="handoff_minutes"),
    path("health/", health_views.health, name="health"),
]
