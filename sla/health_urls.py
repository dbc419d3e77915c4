"""The address of the health check, apart because it stands at the root."""

from django.urls import path

from sla import health_views

urlpatterns = [path("", health_views.healthz, name="healthz")]
