"""What the demo's prospects do, say and fear: one theme makes one coherent package."""

from typing import NamedTuple


class Theme(NamedTuple):
    """A problem a company can have, in everything a package says about it."""

    industries: tuple[str, ...]
    pain: str
    pain_words: str
    quotes: tuple[tuple[str, str], ...]  # topic, words
    notes: str
    why: str
    competitor: str
    objection: str
    left_note: str
    next_step: str
    who: str
    tech: tuple[tuple[str, str], ...]


THEMES = [
    Theme(
        ("Industrial machinery", "Robotics", "Building materials"),
        "A quote takes nine days because prices are copied by hand between three tools",
        "Every quote takes us nine days. By then the customer has signed with somebody else.",
        (
            ("slow quoting", "By the time our quote is out, they have bought somewhere else."),
            ("manual work", "I have two people who do nothing but copy prices into Excel."),
        ),
        "Runs sales operations for four countries. Prices go from the ERP to Excel to the CRM by "
        "hand and versions get lost. Tried a plug-in two years ago that nobody used.",
        "Quotes by hand at this size, new plants coming, and a CRM migration planned this year.",
        "PriceFox",
        "We looked at PriceFox last year and it was far too heavy for us.",
        "Wants to see how long a roll-out takes before she compares again.",
        "A 45-minute walk through quoting with their own price list, with the pricing lead present",
        "They send the price list two days before, we load it and show one real quote",
        (("SAP ERP", "ERP"), ("Salesforce", "CRM"), ("Excel", "Spreadsheet")),
    ),
    Theme(
        ("Logistics", "Wholesale", "Food production"),
        "One in six deliveries is billed wrongly and credit notes take a month to settle",
        "One in six invoices is wrong. My team writes credit notes all day long.",
        (
            ("billing errors", "One in six invoices is wrong and every one costs us a phone call."),
            ("customer trust", "Our biggest customer told me he checks each line by now."),
        ),
        "Head of finance operations, eleven people in billing. Errors come from freight surcharges "
        "that change weekly. Auditors have flagged it twice.",
        "Many surcharges, high volume, an audit finding with a date on it.",
        "Billwise",
        "Our auditors already know Billwise, so a new name needs explaining.",
        "Promised a one-page summary that he can forward to the auditors.",
        "A working session on last month’s credit notes with the billing lead and the auditor",
        "He exports two weeks of credit notes, we bring the error classes we find in them",
        (("Microsoft Dynamics", "ERP"), ("HubSpot", "CRM"), ("DATEV", "Accounting")),
    ),
    Theme(
        ("Software", "IT services", "Fintech"),
        "New customers wait five weeks for their first login because onboarding is done in tickets",
        "It takes five weeks until a new customer first logs in. We lose some of them.",
        (
            ("slow onboarding", "Five weeks to the first login. I would have cancelled too."),
            ("visibility", "Nobody here can tell me which customer is stuck where."),
        ),
        "VP customer success, thirty people. Onboarding runs over tickets and a shared sheet. "
        "Churn in the first ninety days went from four to nine percent.",
        "Fast growth after funding, onboarding team doubled, churn comments on a review site.",
        "GuideRail",
        "The product team would rather build this themselves.",
        "Asked what it cost others to build it; we owe her two references.",
        "A session with customer success and product: their last ten onboardings, step by step",
        "She invites the product lead, we prepare the two references and the build-or-buy sheet",
        (("Zendesk", "Support"), ("Salesforce", "CRM"), ("Snowflake", "Data warehouse")),
    ),
    Theme(
        ("Healthcare", "Medical devices", "Pharma"),
        "Service visits are planned on paper and every third one lacks the right spare part",
        "Every third visit our engineer lacks the part. Hospitals do not forget that.",
        (
            ("missing parts", "Every third visit, the engineer stands there without the part."),
            ("compliance", "If a device is down for a day, I have to report it to the authority."),
        ),
        "Director of field service, sixty engineers in three countries. Planned on paper. "
        "A large tender asks for a guaranteed repair time from next year.",
        "Growing installed base, regulated, and a tender that demands guaranteed repair times.",
        "FieldMate",
        "Anything that stores device data has to pass our security review first.",
        "Security questionnaire is on its way to us.",
        "A planning day in fast motion: one week of their visits replanned with parts in view",
        "He sends one week of anonymised visits, we bring the security answers filled in",
        (("Oracle", "ERP"), ("ServiceMax", "Field service"), ("Salesforce", "CRM")),
    ),
    Theme(
        ("Retail", "Consumer goods", "Apparel"),
        "Stores learn of a price change three days late and sell at the old price meanwhile",
        "Head office changes a price on Monday and half the stores know on Thursday.",
        (
            ("late prices", "We changed a price on Monday and half the stores knew on Thursday."),
            ("margin", "Last quarter that cost us more than the whole store budget."),
        ),
        "Chief of staff to the COO, 140 stores. Price changes go by e-mail. Margin loss was "
        "in the last board paper.",
        "Many stores, central pricing, and a margin problem that reached the board.",
        "ShelfWorks",
        "Our franchise owners will not accept one more screen.",
        "Wants to hear from a franchise that uses it.",
        "A demo on two pilot stores’ data with the franchise council’s chair in the room",
        "She gets the chair’s agreement, we bring a franchise owner as reference to the call",
        (("Shopify", "Commerce"), ("NetSuite", "ERP"), ("HubSpot", "CRM")),
    ),
    Theme(
        ("Insurance", "Banking", "Energy"),
        "Complaints are answered after nineteen days although the regulator allows fifteen",
        "We answer in nineteen days and the regulator gives us fifteen. It is a matter of time.",
        (
            ("deadline", "The regulator gives us fifteen days and we need nineteen."),
            ("no overview", "I find out about the late ones when the letter comes."),
        ),
        "Head of customer operations. Complaints arrive in five inboxes and are typed into an old "
        "system. The regulator visits in autumn.",
        "Regulated deadlines, five inboxes, and a regulator’s visit with a date.",
        "CaseStream",
        "We have three years left with the vendor of the old system.",
        "Needs to know whether we can sit beside it without a migration.",
        "A review of forty late complaints with operations and compliance, side by side with ours",
        "Compliance picks the forty cases, we show where each one lost its days",
        (("Guidewire", "Core"), ("Microsoft Dynamics", "CRM"), ("Power BI", "Analytics")),
    ),
]

FIRST = [
    "Priya",
    "Jonas",
    "Marta",
    "Ahmed",
    "Lena",
    "Victor",
    "Sofia",
    "Daniel",
    "Yuki",
    "Clara",
    "Marco",
    "Fatima",
    "Oliver",
    "Ines",
    "Peter",
    "Hanna",
    "Luca",
    "Emma",
    "Rafael",
    "Nora",
    "Tomas",
    "Zoe",
    "Simon",
    "Alma",
    "Hugo",
    "Mira",
    "Felix",
    "Greta",
    "Noah",
    "Iris",
]
LAST = [
    "Nair",
    "Weber",
    "Kowalska",
    "Rahman",
    "Fischer",
    "Almeida",
    "Rossi",
    "Novak",
    "Tanaka",
    "Dubois",
    "Ferrari",
    "Khan",
    "Smith",
    "Costa",
    "Jansen",
    "Lindgren",
    "Moreau",
    "Evans",
    "Duarte",
    "Berg",
    "Horvat",
    "Martin",
    "Keller",
    "Santos",
    "Bauer",
    "Petrov",
    "Lang",
    "Holm",
    "Webb",
    "Sato",
]
TITLES = [
    ("Head of Sales Operations", "champion"),
    ("Chief Financial Officer", "economic"),
    ("IT Director", "technical"),
    ("Operations Manager", "user"),
    ("Chief Operating Officer", "decision"),
    ("Procurement Lead", "procurement"),
    ("Information Security Officer", "legal"),
    ("Project Manager", "influencer"),
]
COMPANY_A = [
    "Norden",
    "Alder",
    "Brightwater",
    "Kestrel",
    "Vantage",
    "Helio",
    "Granite",
    "Lumen",
    "Orchard",
    "Summit",
    "Tidewater",
    "Falcon",
    "Meridian",
    "Harbor",
    "Quarry",
    "Silverline",
    "Juniper",
    "Cobalt",
    "Redwood",
    "Atlas",
    "Beacon",
    "Cedar",
    "Delta",
    "Everest",
    "Foxglove",
    "Glacier",
    "Hawthorn",
    "Ironbridge",
    "Jasper",
    "Kingfisher",
]
COMPANY_B = {
    "Industrial machinery": "Machines",
    "Robotics": "Robotics",
    "Building materials": "Materials",
    "Logistics": "Logistics",
    "Wholesale": "Trading",
    "Food production": "Foods",
    "Software": "Software",
    "IT services": "Systems",
    "Fintech": "Payments",
    "Healthcare": "Clinics",
    "Medical devices": "Medical",
    "Pharma": "Pharma",
    "Retail": "Stores",
    "Consumer goods": "Goods",
    "Apparel": "Apparel",
    "Insurance": "Insurance",
    "Banking": "Bank",
    "Energy": "Energy",
}
SIGNALS = [
    ("funding", "Series {letter} of {amount} million announced"),
    ("leadership", "New {title} joined from a larger competitor"),
    ("intent", "Several people compared vendors on a review site this month"),
    ("jobs", "Advertises {count} jobs for the team that has the problem"),
    ("inbound", "Asked for a demo through the web site"),
]
RETURN_QUESTIONS = [
    "Who signs above fifty thousand, and have they been told about us?",
    "Which of the two plants would start, and who runs it?",
    "What did they mean by “this year”: the budget year or the calendar year?",
]
ANSWERS_BACK = [
    "Asked again: the CFO signs, she was told on Monday and wants to join the second call.",
    "The northern plant starts; its manager is now on the committee list.",
    "Calendar year: it has to run before the audit in November.",
]

# What an AE writes down in the preparation: an answer to what was raised, and one objection besides
WILL_ANSWER = [
    "Show the plan of a customer of their size: six weeks, two people of theirs, no standstill.",
    "Ask what exactly went wrong back then, and go through that one point on their own data.",
    "Offer to call the reference together, without us in the line if they prefer.",
]
BESIDES = (
    "By hand it costs us nothing extra, the people are here anyway.",
    "Count it together: what one lost deal is worth, and how many a quarter come too late.",
)
