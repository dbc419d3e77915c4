"""Model permissions that come with a role; who may see which row is asked elsewhere."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from team.models import User


class PasswordBackend(ModelBackend):
    """Django’s own sign-in, without the permissions of single people and groups.

    Nobody can be given any here: roles say it all. Not looking them up saves two queries a page.
    """

    def get_user_permissions(self, user_obj: Any, obj: object = None) -> set[str]:
        return set()

    def get_group_permissions(self, user_obj: Any, obj: object = None) -> set[str]:
        return set()

    def get_all_permissions(self, user_obj: Any, obj: object = None) -> set[str]:
        return set()


class RoleBackend(BaseBackend):
    """Grants the permissions that settings.ROLE_PERMISSIONS lists for each of a user's roles."""

    def get_all_permissions(self, user_obj: "User", obj: object = None) -> set[str]:  # type: ignore[override]
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        table = import_string(settings.ROLE_PERMISSIONS)
        return {permission for role in user_obj.roles for permission in table[role]}
