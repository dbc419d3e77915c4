"""Addresses of the accounts app beside its admin pages."""

from django.urls import path

from accounts.hooks import door

urlpatterns = [
    path("hooks/enrichment/<str:source>/", door.enrichment, name="enrichment_hook"),
]
