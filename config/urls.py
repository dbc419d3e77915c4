"""All addresses."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from config import probes, views
from config.tour import views as tour

urlpatterns = [
    path("admin/", admin.site.urls),
    path("reports/", include("reports.urls")),
    path("sla/", include("sla.urls")),
    path("start/", include("config.start.urls")),
    path("tour/close/", tour.close, name="tour_close"),
    path("settings/", include("config.portable.urls")),
    path("", include("team.urls")),
    path("", include("accounts.urls")),
    path("healthz", include("sla.health_urls")),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.figures, name="metrics"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("", include("handoffs.urls")),
]

if settings.SIGN_IN_PAGES:
    urlpatterns.insert(0, path("account/", include("config.sign_in.urls")))

handler400 = "config.views.bad_request"
handler403 = "config.views.forbidden"
handler404 = "config.views.not_found"
handler500 = "config.views.broken"
