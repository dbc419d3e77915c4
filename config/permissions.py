"""Which role may do what with which model: the coarse half of the permission matrix.

The fine half, which rows, is `Handoff.objects.visible_to` and the admin's own querysets.
"""

from team.models import Role


def _all(app: str, *models: str) -> set[str]:
    return {f"{app}.{verb}_{m}" for m in models for verb in ("add", "change", "delete", "view")}


def _some(app: str, verbs: str, *models: str) -> set[str]:
    return {f"{app}.{verb}_{model}" for model in models for verb in verbs.split()}


PACKAGE = ("answer", "committeemember", "objection", "quote", "trigger")
ACCOUNTS = ("account", "accounttechnology", "contact", "growthsignal")
LIBRARY = ("casestudy", "competitornote")
STANDARD = ("criterion", "framework", "frameworkversion", "leadsourcerule")

EVERYBODY = (
    _some("accounts", "view", *ACCOUNTS, "verification", "contactchange", "proposal", "departure")
    | _some("handoffs", "view", "handoff", "handoffevent", "meeting", *STANDARD, "reason", *PACKAGE)
    | _some("sla", "view", "policy", "policyversion", "target", "escalationstep", "clock")
    | _some("team", "view", "territory", "coverage", "workcalendar", "workinterval", "holiday")
    | _some("team", "view add change delete", "absence")
)

BY_ROLE: dict[Role, set[str]] = {
    Role.SDR: EVERYBODY
    | _some("accounts", "add change", *ACCOUNTS)
    | _some("accounts", "view", "merge")
    | _some("accounts", "add", "verification")
    | _some("handoffs", "add change", "handoff", *PACKAGE, "meeting")
    | {"handoffs.delete_handoff"},
    Role.AE: EVERYBODY
    | _some("accounts", "change", "account", "contact")
    | _some("handoffs", "view", *LIBRARY),
    Role.MANAGER: EVERYBODY
    | _some("accounts", "add change", *ACCOUNTS)
    | _some("accounts", "view", "merge")
    | _some("handoffs", "add change delete", "handoff")
    | _some("sla", "view", "escalation")
    | _some("sla", "view change", "breach")
    | _some("messaging", "view", "message")
    | _some("team", "view", "user"),
    Role.REVOPS: EVERYBODY
    | _all("accounts", *ACCOUNTS)
    | _some("accounts", "add", "verification")
    | _all("accounts", "enrichmentsource")
    | _some("accounts", "view", "inboundevent", "merge")
    | _all("handoffs", *STANDARD, *LIBRARY, "reason")
    | _all("sla", "policy", "policyversion", "target", "escalationstep")
    | _some("sla", "view", "escalation", "breach")
    | _some("messaging", "view", "message")
    | _some("messaging", "view change", "messagetemplate")
    | _all("messaging", "channel", "endpoint")
    | _all("team", "territory", "coverage", "workcalendar", "workinterval", "holiday")
    | _some("privacy", "view add", "personrequest")
    | _some("team", "view", "auditentry")
    | _some("team", "view add change", "user"),
}
