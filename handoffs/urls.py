"""Addresses of the handoffs pages."""

from django.urls import path

urlpatterns: list = []
