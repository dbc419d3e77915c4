"""The folder of uploads is full, missing or not ours to write: said at the file."""

import errno
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from accounts.models import Contact
from team.models import Import, User
from team.sheets import runs
from tests.accounts.importing import CONFIRM, CONTACTS, brought, door, people, upload

pytestmark = pytest.mark.django_db
IN_ORDER = "django.core.files.storage.FileSystemStorage"
FULL = OSError(errno.ENOSPC, "No space left on device")


class FullFolder(FileSystemStorage):
    """Takes the first bytes of a file, as a disk does that fills up meanwhile."""

    def _save(self, name: str, content: Any) -> str:
        super()._save(name, ContentFile(content.read(10)))
        raise FULL


class FullDisk(TemporaryFileUploadHandler):
    """Where a large upload lies while it is read."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        raise FULL


@pytest.fixture(params=["full", "cannot be made"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Path:
    """Uploads go there, in vain."""
    if request.param == "full":
        folder, backend = tmp_path, f"{__name__}.FullFolder"
    else:
        folder, backend = tmp_path / "taken", IN_ORDER
        folder.write_text("a file where the folder should be")
    use(settings, folder, backend)
    return folder


def use(settings: Any, folder: Path, backend: str = IN_ORDER) -> None:
    uploads = {"BACKEND": backend, "OPTIONS": {"location": folder}}
    settings.STORAGES = {**settings.STORAGES, "default": uploads}


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("rows", [3, 501], ids=["short", "for the worker"])
def test_63_a_folder_that_takes_nothing_is_said_at_the_file(
    revops: User, folder: Path, rows: int
) -> None:
    page = door(revops).post(CONTACTS, upload(people(rows, title="")))
    assert page.status_code == 200
    (sentence,) = page.context["form"].errors["import_file"]
    assert "no room left for this file" in sentence
    assert left_in(folder) == []
    assert not Import.objects.exists() and not Contact.objects.exists()


def test_63_a_folder_that_fills_up_after_the_check_imports_nothing(
    revops: User, tmp_path: Path, settings: Any
) -> None:
    use(settings, tmp_path)
    client = door(revops)
    token = client.post(CONTACTS, upload(people(3))).context["confirm_form"].initial
    use(settings, tmp_path, f"{__name__}.FullFolder")
    page = client.post(CONFIRM, token, follow=True)
    assert page.status_code == 200
    assert "no room left for this file" in page.content.decode()
    assert not Import.objects.exists() and not Contact.objects.exists()

    use(settings, tmp_path)  # and once there is room again the same check can be confirmed
    client.post(CONFIRM, token)
    assert Contact.objects.count() == 3


def test_63_notes_that_cannot_be_written_import_nothing(
    revops: User, tmp_path: Path, settings: Any
) -> None:
    use(settings, tmp_path)
    run = brought(revops, people(501))
    runs.work()
    (tmp_path / runs.FOLDER / f"run-{run.pk}.undo").mkdir()  # where it would note what it did
    door(revops).post(f"/imports/{run.pk}/confirm/")
    runs.work()
    run.refresh_from_db()
    assert (run.state, Contact.objects.count()) == (Import.State.FAILED, 0)
    assert "no room left for its notes" in door(revops).get(f"/imports/{run.pk}/").content.decode()


def test_63_a_disk_that_is_full_while_a_file_comes_in_is_said(revops: User, settings: Any) -> None:
    settings.FILE_UPLOAD_HANDLERS = [f"{__name__}.FullDisk"]
    client = door(revops)
    client.raise_request_exception = False
    page = client.post(CONTACTS, upload(people(3)))
    assert page.status_code == 503
    assert "no room left on the server" in page.content.decode()
