"""Addresses of the sla pages."""

from django.urls import path

from sla import health_views

urlpatterns = [
    path("health/", health_views.health, name="health"),
]
