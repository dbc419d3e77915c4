"""What the rules of the gate are called in reports: the part of the package that each asks for."""

from handoffs.completeness import SECTIONS
from handoffs.models import Criterion

SECTION_NAMES = {section.key: section.label for section in SECTIONS}
# Where the name of the field is not what people call it
NAMES = {
    "account.domain": "Web domain",
    "contact.title": "Job title",
    "contact.email": "E-mail",
    "contact.phone": "Direct dial",
    "framework_version": "Standard",
    "next_step_at": "When",
    "next_step_who": "Who does what",
    "no_objections": "None raised",
    "nobody_else": "Nobody else",
    "why_targeted": "Why this account",
}
ROWS = {
    "committee": "Somebody on the list",
    "objections": "An objection on the list",
    "quotes": "A quote on the list",
    "triggers": "A trigger on the list",
}
ANSWERS = "answers"


def rule_of(field: str) -> str:
    """The field of a gap without the row it was in: “quotes.17” is “quotes.”, as any other."""
    name, dot, row = field.partition(".")
    return f"{name}." if dot and row.isdecimal() else field


def name_of(rule: str, criteria: dict[str, str]) -> str:
    """In words; `criteria` are those of `criteria_names`."""
    name, dot, part = rule.partition(".")
    if name == ANSWERS and part:
        return criteria.get(part, part.replace("_", " ").capitalize())
    if dot and not part:
        return ROWS.get(name, name.capitalize())
    return NAMES.get(rule, rule.replace(".", ": ").replace("_", " ").capitalize())


def criteria_names() -> dict[str, str]:
    """What each criterion is called in the newest version that has it."""
    return dict(Criterion.objects.order_by("version_id").values_list("code", "name"))
