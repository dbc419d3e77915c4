"""Addresses of the reports pages."""

from django.urls import path

urlpatterns: list = []
