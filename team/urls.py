"""Addresses of the team app beside its admin pages."""

from django.urls import path

from team.sheets import pages

urlpatterns = [
    path("imports/", pages.imports, name="imports"),
    path("imports/<int:pk>/", pages.run, name="import_run"),
    path("imports/<int:pk>/confirm/", pages.confirm, name="import_confirm"),
    path("imports/<int:pk>/cancel/", pages.cancel, name="import_cancel"),
    path("imports/<int:pk>/undo/", pages.undo, name="import_undo"),
]
