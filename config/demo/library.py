"""The demo's library for the preparation: a note on every competitor, some customer stories."""

from config.demo.words import THEMES
from handoffs.models import CaseStudy, CompetitorNote, Objection

NOTE = (
    "Strong: known in the industry, deep in its one country.\n"
    "We: live in six weeks, and every price list in one place.\n"
    "Ask: “How long did it take until the first quote went out with it?”"
)
ANOTHER_NOTE = (
    "Strong: free for the first five people, and quickly set up.\n"
    "We: approvals and a history of every change, which auditors ask for.\n"
    "Ask: “Who has to see who changed a price, and when?”"
)
STORIES = [
    (
        "Nine days to nine minutes: quoting at a machine builder",
        "A maker of packing lines with four countries quotes from one price list since spring.",
        "Industrial machinery, Robotics, Building materials",
        ["funding", "leadership"],
        ["price", "competitor"],
    ),
    (
        "One invoice in six was wrong, now one in two hundred",
        "A wholesaler cleared its audit finding in a quarter; billing went from eleven to seven.",
        "Logistics, Wholesale, Food production",
        ["leadership"],
        ["need", "competitor"],
    ),
    (
        "Live in six weeks, beside a running migration",
        "A group with two CRM systems switched over without a day of standstill.",
        "",
        [],
        ["timing"],
    ),
]


def fill_the_library() -> None:
    """What RevOps would have collected."""
    CompetitorNote.objects.bulk_create(
        CompetitorNote(
            competitor=theme.competitor,
            note=NOTE,
            industries=", ".join(theme.industries),
            objections=[Objection.Category.COMPETITOR],
        )
        for theme in THEMES[:-1]  # one is missing, so that the page shows what it says then
    )
    CompetitorNote.objects.create(
        competitor="QuickList",
        note=ANOTHER_NOTE,
        industries=", ".join(name for theme in THEMES[:2] for name in theme.industries),
        objections=[Objection.Category.PRICE],
    )
    CaseStudy.objects.bulk_create(
        CaseStudy(
            title=title,
            summary=summary,
            industries=industries,
            triggers=triggers,
            objections=objections,
        )
        for title, summary, industries, triggers, objections in STORIES
    )
