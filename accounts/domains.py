"""Web domains of companies: one spelling for each, and which ones are nobody's company."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import DomainNameValidator

# Mail providers for everybody: an address there says nothing about the employer.
FREE_MAIL = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com
    me.com mac.com aol.com gmx.com gmx.de gmx.net web.de mail.com proton.me protonmail.com pm.me
    zoho.com yandex.com yandex.ru mail.ru qq.com 163.com 126.com t-online.de orange.fr free.fr
    laposte.net libero.it comcast.net verizon.net att.net btinternet.com hey.com fastmail.com
    """.split()
)

_valid = DomainNameValidator(accept_idna=True)


def clean_domain(typed: str) -> str:
    """One spelling for `https://www.Acme.com/about`, `acme.com` and `WWW.acme.com.`

    Raises ValidationError where it is no domain, or a mail provider's.
    """
    text = typed.strip().lower()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        host = ""
    host = host.strip(".").removeprefix("www.")
    try:
        _valid(host)
        ascii_form = host.encode("idna").decode()
    except (ValidationError, UnicodeError):
        raise ValidationError(
            {"domain": f"“{typed[:80]}” is not a web domain, such as acme.com."}
        ) from None
    if ascii_form in FREE_MAIL:
        raise ValidationError(
            {"domain": f"{ascii_form} is a mail provider for everybody, not a company’s domain."}
        )
    return ascii_form


def company_domain(email: str) -> str:
    """The company domain that an address points to, or "" for a mail provider's."""
    domain = email.rpartition("@")[2].lower().removeprefix("www.")
    return "" if domain in FREE_MAIL else domain
