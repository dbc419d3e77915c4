"""Addresses of the sla pages."""

from django.urls import path

urlpatterns: list = []
