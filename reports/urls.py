"""Addresses of the reports pages."""

from django.urls import path

from reports import review_views, views
from reports.trials import views as trials

urlpatterns = [
    path("", views.joint, name="reports"),
    path("more/", views.more, name="report_more"),
    path("handoffs/", views.behind, name="report_behind"),
    path("review/", review_views.latest, name="report_review_latest"),
    path("review/<str:month>/", review_views.review, name="report_review"),
    path("review/<str:month>/change/", review_views.change, name="report_review_change"),
    path("try/", trials.start, name="try"),
    path("try/policy/<int:pk>/", trials.policy, name="try_policy"),
    path("try/standard/<int:pk>/", trials.standard, name="try_standard"),
    path("try/territory/<int:pk>/", trials.territory, name="try_coverage"),
    path("table/<slug:key>.<str:extension>", views.export, name="report_export"),
]
