"""The two addresses of single sign-on, with an answer for a provider that does not answer."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.socialaccount.providers.openid_connect import views
from django.http import HttpRequest, HttpResponse
from requests import RequestException

from config.views import answer

AWAY = "The sign-in service does not answer. Try again in a few minutes, or log in with a password."
log = logging.getLogger("handoffdesk.sign_in")


def _answered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def asked(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, **kwargs)
        except (RequestException, KeyError) as error:  # away, or not what a provider says
            log.error("single sign-on: %s", type(error).__name__)
            return answer(request, 503, AWAY)

    return asked


login = _answered(views.login)
callback = _answered(views.callback)
