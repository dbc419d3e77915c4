"""Addresses of the settings file."""

from django.urls import path

from config.portable import views

urlpatterns = [
    path("", views.settings_file, name="settings_file"),
    path("download/", views.settings_download, name="settings_download"),
]
