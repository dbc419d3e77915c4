"""The look of the admin's frame and its menu: which entry each role sees."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _seen_by(*roles: str) -> Any:
    def allowed(request: HttpRequest) -> bool:
        user = request.user
        return user.is_superuser or any(getattr(user, f"is_{role}", False) for role in roles)

    return allowed


def _entry(title: str, icon: str, url: str, *roles: str) -> dict[str, Any]:
    entry = {"title": title, "icon": icon, "link": reverse_lazy(url)}
    if roles:
        entry["permission"] = _seen_by(*roles)
    return entry


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Handoff Desk",
    "SITE_HEADER": "Handoff Desk",
    "SITE_SYMBOL": "swap_horiz",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("desk/favicon.svg"),
        }
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "STYLES": [lambda request: static("desk/desk.css")],
    "SCRIPTS": [
        lambda request: static("desk/unfold-csp.js"),
        lambda request: static("desk/desk.js"),
        lambda request: static("desk/names.js"),
    ],
    "COLORS": {
        "primary": {
            "50": "oklch(96.2% .018 272.314)",
            "100": "oklch(93% .034 272.788)",
            "200": "oklch(87% .065 274.039)",
            "300": "oklch(78.5% .115 274.713)",
            "400": "oklch(67.3% .182 276.935)",
            "500": "oklch(58.5% .233 277.117)",
            "600": "oklch(51.1% .262 276.966)",
            "700": "oklch(45.7% .24 277.023)",
            "800": "oklch(39.8% .195 277.366)",
            "900": "oklch(35.9% .144 278.697)",
            "950": "oklch(25.7% .09 281.288)",
        },
    },
    "COMMAND": {"search_models": False, "show_history": False},
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Work",
                "items": [
                    # Its address begins every other one, so it has to say itself when it is shown.
                    _entry("My work", "home", "home")
                    | {"active": lambda request: request.path == "/"},
                    _entry("Queue", "inbox", "queue", "ae", "manager", "revops"),
                    _entry("Whose turn", "balance", "fairness", "ae", "manager", "revops"),
                    _entry("New handoff", "add_circle", "handoff_new", "sdr", "manager"),
                    _entry("All handoffs", "list_alt", "admin:handoffs_handoff_changelist"),
                    _entry("Reports", "monitoring", "reports"),
                    _entry(
                        "Needs a manager",
                        "notification_important",
                        "attention",
                        "manager",
                        "revops",
                    ),
                ],
            },
            {
                "title": "Data",
                "separator": True,
                "items": [
                    _entry("Accounts", "domain", "admin:accounts_account_changelist"),
                    _entry("Contacts", "contacts", "admin:accounts_contact_changelist"),
                    _entry(
                        "Merges",
                        "merge",
                        "admin:accounts_merge_changelist",
                        "sdr",
                        "manager",
                        "revops",
                    ),
                    _entry("To recheck", "fact_check", "recheck", "sdr", "revops"),
                    _entry("To enrich", "travel_explore", "enrich_first", "sdr", "revops"),
                    _entry("Imports", "upload_file", "imports", "sdr", "manager", "revops"),
                    _entry("Who left", "logout", "admin:accounts_departure_changelist"),
                    _entry(
                        "Proposed values", "rule_settings", "admin:accounts_proposal_changelist"
                    ),
                    _entry("Absences", "beach_access", "admin:team_absence_changelist"),
                    _entry("The standard", "rule", "admin:handoffs_frameworkversion_changelist"),
                    _entry("Rulings", "gavel", "rulings"),
                    _entry("Calibration", "compare", "calibration", "manager", "revops"),
                ],
            },
            {
                "title": "Set-up",
                "separator": True,
                "collapsible": True,
                "items": [
                    _entry("Getting started", "flag", "getting_started", "revops"),
                    _entry("Settings file", "settings_backup_restore", "settings_file", "revops"),
                    _entry("People", "group", "admin:team_user_changelist", "revops", "manager"),
                    _entry("Territories", "map", "admin:team_territory_changelist", "revops"),
                    _entry(
                        "Calendars",
                        "calendar_month",
                        "admin:team_workcalendar_changelist",
                        "revops",
                    ),
                    _entry(
                        "SLA policies",
                        "timer",
                        "admin:sla_policyversion_changelist",
                        "revops",
                        "manager",
                    ),
                    _entry(
                        "Coverage map", "calendar_view_week", "coverage_map", "revops", "manager"
                    ),
                    _entry("Who is told", "notifications", "coverage", "revops", "manager"),
                    _entry("Reasons", "label", "admin:handoffs_reason_changelist", "revops"),
                    _entry(
                        "Library: competitors",
                        "swords",
                        "admin:handoffs_competitornote_changelist",
                        "revops",
                        "ae",
                    ),
                    _entry(
                        "Library: case studies",
                        "auto_stories",
                        "admin:handoffs_casestudy_changelist",
                        "revops",
                        "ae",
                    ),
                    _entry(
                        "Message texts",
                        "draft",
                        "admin:messaging_messagetemplate_changelist",
                        "revops",
                    ),
                    _entry("Slack channels", "tag", "admin:messaging_channel_changelist", "revops"),
                    _entry(
                        "Outgoing webhooks",
                        "webhook",
                        "admin:messaging_endpoint_changelist",
                        "revops",
                    ),
                    _entry(
                        "Outbox",
                        "outbox",
                        "admin:messaging_message_changelist",
                        "revops",
                        "manager",
                    ),
                    _entry(
                        "Data sources",
                        "cable",
                        "admin:accounts_enrichmentsource_changelist",
                        "revops",
                    ),
                    _entry(
                        "Received updates",
                        "move_to_inbox",
                        "admin:accounts_inboundevent_changelist",
                        "revops",
                    ),
                    _entry(
                        "Person requests",
                        "shield_person",
                        "admin:privacy_personrequest_changelist",
                        "revops",
                    ),
                    _entry("Audit trail", "policy", "admin:team_auditentry_changelist", "revops"),
                    _entry("Health", "monitor_heart", "health", "revops"),
                ],
            },
        ],
    },
}
