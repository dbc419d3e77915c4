"""What every text field of the product holds: the one list that export, erasure and retention read.

A field that is in no line fails the build (tests/privacy/test_register.py). Choices, numbers and
dates are not listed: they hold what the product wrote itself.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models


class Kind(StrEnum):
    """What a text field may hold."""

    PERSONAL = "personal"  # about a prospect, or free text that may name one
    STAFF = "staff"  # about our own people
    BUSINESS = "business"  # about companies, or words of our set-up
    SECRET = "secret"  # noqa: S105  the name of a kind
    TECHNICAL = "technical"  # keys, codes and digests that the product makes


REGISTER: dict[str, dict[Kind, str]] = {
    # --- Ours
    "team.User": {
        Kind.STAFF: "username first_name last_name email slack_member_id",
        Kind.SECRET: "password",
        Kind.TECHNICAL: "time_zone",
    },
    "team.Absence": {Kind.PERSONAL: "note"},
    "team.WorkCalendar": {Kind.BUSINESS: "name", Kind.TECHNICAL: "time_zone country subdivision"},
    "team.WorkInterval": {Kind.TECHNICAL: "opens closes"},
    "team.Holiday": {Kind.BUSINESS: "name"},
    "team.CalendarVersion": {Kind.TECHNICAL: "time_zone weekly_hours holidays digest"},
    "team.Territory": {Kind.BUSINESS: "name", Kind.TECHNICAL: "countries"},
    "team.ColumnMatch": {Kind.BUSINESS: "columns", Kind.TECHNICAL: "kind headers"},
    "team.Import": {
        Kind.PERSONAL: "name summary problem report",
        Kind.TECHNICAL: "kind digest file options",
    },
    "team.AuditEntry": {
        Kind.PERSONAL: "name changes note",
        Kind.TECHNICAL: "model object_id",
    },
    "accounts.Account": {
        Kind.BUSINESS: "name name_key domain industry country city source",
        Kind.PERSONAL: "fit_reason",
        Kind.TECHNICAL: "external_id hubspot_id salesforce_id",
    },
    "accounts.AccountTechnology": {Kind.BUSINESS: "name category source"},
    "accounts.GrowthSignal": {Kind.PERSONAL: "detail source_url"},
    "accounts.Contact": {
        Kind.PERSONAL: "first_name last_name title email phone phone_extension mobile profile_url "
        "external_id hubspot_id salesforce_id",
        Kind.BUSINESS: "source",
    },
    "accounts.Verification": {Kind.PERSONAL: "value source"},
    "accounts.ContactChange": {Kind.PERSONAL: "old new source", Kind.TECHNICAL: "field"},
    "accounts.DecayRate": {Kind.BUSINESS: "source"},
    "accounts.Departure": {Kind.PERSONAL: "title company source"},
    "accounts.ValueOrigin": {Kind.PERSONAL: "value source", Kind.TECHNICAL: "field rank"},
    "accounts.Proposal": {
        Kind.PERSONAL: "value present because source",
        Kind.TECHNICAL: "field rank",
    },
    "accounts.EnrichmentSource": {
        Kind.BUSINESS: "name person_url company_url key_header their_names",
        Kind.TECHNICAL: "slug",
        Kind.SECRET: "secret old_secret api_key",
    },
    "accounts.Lookup": {Kind.PERSONAL: "outcome"},
    "accounts.FileRow": {
        Kind.PERSONAL: "key email person data",
        Kind.BUSINESS: "domain company_key",
    },
    "accounts.InboundEvent": {
        Kind.PERSONAL: "body record_key outcome",
        Kind.TECHNICAL: "event_id digest kind",
    },
    "accounts.Merge": {Kind.PERSONAL: "gone_name gone filled", Kind.TECHNICAL: "moved"},
    "accounts.SourceRecord": {Kind.PERSONAL: "key"},
    "accounts.ErasedAddress": {Kind.TECHNICAL: "digest"},
    "messaging.Channel": {Kind.BUSINESS: "name off_reason", Kind.SECRET: "webhook_url"},
    "messaging.MessageTemplate": {Kind.BUSINESS: "name subject body", Kind.TECHNICAL: "key"},
    "messaging.Message": {
        Kind.PERSONAL: "recipient subject body headers calendar error",
        Kind.TECHNICAL: "event_key about kind calendar_method message_id",
    },
    "messaging.Endpoint": {
        Kind.BUSINESS: "name url off_reason",
        Kind.SECRET: "secret old_secret",
    },
    "handoffs.Framework": {Kind.BUSINESS: "name description", Kind.TECHNICAL: "code"},
    "handoffs.FrameworkVersion": {Kind.BUSINESS: "note"},
    "handoffs.Criterion": {
        Kind.BUSINESS: "name confirmed_means choices",
        Kind.TECHNICAL: "code",
    },
    "handoffs.LeadSourceRule": {Kind.BUSINESS: "why", Kind.TECHNICAL: "criterion_code"},
    "handoffs.SpeedCurve": {Kind.TECHNICAL: "points"},
    "handoffs.ShowRecord": {Kind.TECHNICAL: "bands"},
    "handoffs.Handoff": {
        Kind.BUSINESS: "company_size industry opportunity_stage opportunity_url",
        Kind.PERSONAL: "original_source tech_stack growth_signals why_targeted call_notes "
        "next_step next_step_who",
        Kind.TECHNICAL: "opportunity_id",
    },
    "handoffs.Reason": {Kind.BUSINESS: "label hint", Kind.TECHNICAL: "code"},
    "handoffs.HandoffEvent": {
        Kind.PERSONAL: "note data",
        Kind.TECHNICAL: "from_status to_status",
    },
    "handoffs.Contest": {Kind.PERSONAL: "argument because"},
    "handoffs.AskedAgain": {Kind.TECHNICAL: "section field"},
    "handoffs.Meeting": {Kind.PERSONAL: "location", Kind.TECHNICAL: "uid"},
    "handoffs.Letter": {Kind.PERSONAL: "subject body"},
    "handoffs.Answer": {Kind.PERSONAL: "value evidence said_by"},
    "handoffs.Quote": {Kind.PERSONAL: "text speaker topic"},
    "handoffs.Objection": {Kind.PERSONAL: "said left_note", Kind.BUSINESS: "competitor"},
    "handoffs.CommitteeMember": {Kind.PERSONAL: "name title mentioned_by"},
    "handoffs.Trigger": {Kind.PERSONAL: "detail source_url"},
    "handoffs.CompetitorNote": {
        Kind.BUSINESS: "industries competitor",
        Kind.PERSONAL: "note",
        Kind.TECHNICAL: "triggers objections",
    },
    "handoffs.CaseStudy": {
        Kind.BUSINESS: "industries title url",
        Kind.PERSONAL: "summary",
        Kind.TECHNICAL: "triggers objections",
    },
    "handoffs.Preparation": {Kind.PERSONAL: "case_study_other objections"},
    "sla.Policy": {Kind.BUSINESS: "name"},
    "sla.PolicyVersion": {Kind.BUSINESS: "note"},
    "sla.Clock": {Kind.TECHNICAL: "plan trouble"},
    "sla.Escalation": {Kind.STAFF: "hops", Kind.PERSONAL: "outcome"},
    "sla.Breach": {Kind.PERSONAL: "proposed_because cause_note"},
    "sla.Heartbeat": {Kind.TECHNICAL: "name detail"},
    "reports.Tally": {
        Kind.TECHNICAL: "dimension value apart accepted_business accepted_calendar "
        "accepted_left_business accepted_left_calendar submitted_business submitted_calendar "
        "submitted_left_business submitted_left_calendar",
    },
    "reports.Chain": {Kind.TECHNICAL: "uid"},
    "reports.Reading": {Kind.TECHNICAL: "holes"},
    "reports.Review": {Kind.TECHNICAL: "month time_zone digest", Kind.PERSONAL: "notes"},
    "reports.ReviewRow": {Kind.TECHNICAL: "key figures"},
    "reports.ReviewAction": {Kind.PERSONAL: "what"},
    "privacy.PersonRequest": {
        Kind.PERSONAL: "email identity why",
        Kind.TECHNICAL: "digest result",
    },
    # --- The libraries’
    "admin.LogEntry": {Kind.PERSONAL: "object_repr change_message", Kind.TECHNICAL: "object_id"},
    "auth.Group": {Kind.BUSINESS: "name"},
    "auth.Permission": {Kind.TECHNICAL: "name codename"},
    "contenttypes.ContentType": {Kind.TECHNICAL: "app_label model"},
    # Signed and packed, so it cannot be searched: erasing somebody ends the sessions that hold them
    "sessions.Session": {Kind.SECRET: "session_key session_data"},
    # Arguments are none at all: every task finds its own work
    "django_q.Task": {
        Kind.TECHNICAL: "id name func hook group cluster args kwargs result",
    },
    "django_q.Schedule": {
        Kind.TECHNICAL: "name func hook args kwargs cron task cluster intended_date_kwarg",
    },
    "django_q.OrmQ": {Kind.TECHNICAL: "key payload"},
    "axes.AccessFailureLog": {
        Kind.STAFF: "username ip_address user_agent",
        Kind.TECHNICAL: "http_accept path_info",
    },
    "axes.AccessAttempt": {
        Kind.STAFF: "username ip_address user_agent get_data post_data",
        Kind.TECHNICAL: "http_accept path_info",
    },
    "account.EmailAddress": {Kind.STAFF: "email"},
    "account.EmailConfirmation": {Kind.SECRET: "key"},
    "mfa.Authenticator": {Kind.SECRET: "data"},
    "socialaccount.SocialAccount": {
        Kind.STAFF: "uid extra_data",
        Kind.TECHNICAL: "provider",
    },
    "socialaccount.SocialApp": {
        Kind.TECHNICAL: "provider provider_id name client_id key settings",
        Kind.SECRET: "secret",
    },
    "socialaccount.SocialToken": {Kind.SECRET: "token token_secret"},
    "axes.AccessLog": {
        Kind.STAFF: "username ip_address user_agent",
        Kind.TECHNICAL: "http_accept path_info",
        Kind.SECRET: "session_hash",
    },
}

_NO_TEXT = (
    models.AutoField,
    models.BooleanField,
    models.DateField,
    models.DecimalField,
    models.DurationField,
    models.FloatField,
    models.ForeignKey,
    models.IntegerField,
    models.TimeField,
    models.UUIDField,
)


def text_fields(model: type[models.Model]) -> list[Any]:
    """The fields of `model` that can hold words: everything but numbers, dates and choices."""
    return [
        field
        for field in model._meta.local_concrete_fields
        if not field.choices and not isinstance(field, _NO_TEXT)
    ]


@cache
def kinds_of(label: str) -> dict[str, Kind]:
    """Field name -> kind, for a model label such as `accounts.Contact`."""
    return {name: kind for kind, names in REGISTER.get(label, {}).items() for name in names.split()}


def personal(model: type[models.Model]) -> list[str]:
    """The names of the fields of `model` that may hold a prospect’s data."""
    kinds = kinds_of(model._meta.label)
    return [name for name, kind in kinds.items() if kind == Kind.PERSONAL]


def searched() -> Iterator[type[models.Model]]:
    """Every model with a field that may hold a prospect’s data."""
    for model in apps.get_models():
        if personal(model) and not model._meta.proxy:
            yield model
