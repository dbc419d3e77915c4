"""Bringing files to the doors of accounts and contacts, as a person does and the worker goes on."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from team.models import Import, User
from team.sheets import runs

CONTACTS = "/admin/accounts/contact/import/"
CONFIRM = "/admin/accounts/contact/process_import/"
ACCOUNTS = "/admin/accounts/account/import/"


def door(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="team.backends.PasswordBackend")
    return client


def people(count: int, title: str = "CEO") -> str:
    rows = "".join(f"First{n},Last{n},{title},p{n}@acme.example,Acme\n" for n in range(count))
    return f"first_name,last_name,title,email,account\n{rows}"


def upload(text: str, name: str = "people.csv") -> dict[str, Any]:
    return {"import_file": SimpleUploadedFile(name, text.encode()), "format": "auto"}


def brought(user: User, text: str, url: str = CONTACTS) -> Import:
    """A long file, uploaded."""
    page = door(user).post(url, upload(text))
    assert page.status_code == 302, page.context["form"].errors
    run = Import.objects.latest("pk")
    assert page.headers["Location"] == f"/imports/{run.pk}/"
    return run


def short(user: User, text: str, url: str = CONTACTS) -> Import:
    """A short file, uploaded and confirmed."""
    client = door(user)
    preview = client.post(url, upload(text))
    confirm = preview.context["confirm_form"].initial
    client.post(url.replace("import/", "process_import/"), confirm)
    return Import.objects.latest("pk")


def imported(user: User, text: str, url: str = CONTACTS) -> Import:
    """A long file all the way."""
    run = brought(user, text, url)
    runs.work()
    door(user).post(f"/imports/{run.pk}/confirm/")
    runs.work()
    run.refresh_from_db()
    assert run.state == Import.State.DONE, run.problem
    return run


def shown(user: User, run: Import) -> str:
    return door(user).get(f"/imports/{run.pk}/").content.decode()


class Killed(BaseException):
    """What a killed process does to the rest of its work."""
