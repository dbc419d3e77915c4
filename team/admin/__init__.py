"""The team's pages in the admin, a module for each kind of thing."""

from django.contrib import admin
from django.contrib.auth.models import Group

from team.admin import absences, calendars, people, territories, trail

__all__ = ["absences", "calendars", "people", "territories", "trail"]

# What somebody may do comes with their roles (team.backends): groups would be a second way.
admin.site.unregister(Group)
