"""Addresses of the reports pages."""

from django.urls import path

from reports import views

urlpatterns = [
    path("", views.joint, name="reports"),
    path("more/", views.more, name="report_more"),
    path("handoffs/", views.behind, name="report_behind"),
    path("table/<slug:key>.<str:extension>", views.export, name="report_export"),
]
