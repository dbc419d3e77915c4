"""Addresses of the set-up pages."""

from django.urls import path

from config.start import views

urlpatterns = [
    path("", views.getting_started, name="getting_started"),
    path("quick/", views.quick_start, name="quick_start"),
]
