"""What spoils the account, the contact and the fit of a package."""

from datetime import date, timedelta

from accounts.models import Method
from tests.handoffs.gate.spoils import (
    NOW,
    Case,
    account_says,
    checked,
    contact,
    of_another_account,
    write,
)

COMPANY = [
    Case("the_account_is_named", "account", "Choose the account", write(account=None)),
    Case("the_account_is_named", "account", "company’s name", account_says(name="-")),
    Case("the_account_has_a_domain", "account.domain", "web domain", account_says(domain="")),
    Case(
        "the_account_has_a_domain", "account.domain", "acme.com", account_says(domain="gmail.com")
    ),
    Case("the_contact_is_named", "contact", "Choose the primary", write(contact=None)),
    Case(
        "the_contact_is_named",
        "contact",
        "first and last name",
        contact(first_name="n/a", last_name=""),
    ),
    Case(
        "the_contact_belongs_to_the_account",
        "contact",
        "is not a contact of Acme Robotics",
        of_another_account,
    ),
    Case(
        "the_contact_still_works_there",
        "contact",
        "left the company on 20 Feb 2026",
        contact(left_on=date(2026, 2, 20)),
    ),
    Case(
        "the_contact_still_works_there",
        "contact",
        "leaves the company on 9 Mar 2026",
        contact(left_on=date(2026, 3, 9)),
    ),
    Case(
        "the_contact_still_works_there",
        "contact",
        "no longer works at Acme Robotics",
        checked("employer", result="invalid"),
    ),
    Case("the_contact_has_a_title", "contact.title", "job title", contact(title="")),
    Case("the_contact_has_a_title", "contact.title", "“TBD” says nothing", contact(title="TBD")),
    Case(
        "the_contact_has_a_title",
        "contact.title",
        "enter the present title",
        checked("title", result="invalid"),
    ),
    Case("the_contact_has_a_verified_email", "contact.email", "business", contact(email="")),
    Case("the_contact_has_a_verified_email", "contact.email", "business", contact(email="a@@b.co")),
    Case(
        "the_contact_has_a_verified_email", "contact.email", "was never verified", checked("email")
    ),
    Case(
        "the_contact_has_a_verified_email",
        "contact.email",
        "was never verified",
        contact(email="new@acme-robotics.example"),
    ),
    Case(
        "the_contact_has_a_verified_email",
        "contact.email",
        "last verified 90 days ago; it counts for 90",
        checked("email", verified_at=NOW - timedelta(days=90)),
    ),
    Case(
        "the_contact_has_a_verified_email",
        "contact.email",
        "was found wrong on 27 Feb 2026",
        checked("email", result="invalid"),
    ),
    Case(
        "the_contact_has_a_verified_email",
        "contact.email",
        "was found wrong",
        checked("email", method=Method.BOUNCE),
    ),
    Case("the_contact_has_a_verified_dial", "contact.phone", "country code", contact(phone="")),
    Case(
        "the_contact_has_a_verified_dial",
        "contact.phone",
        "only copied from a social profile",
        checked("dial", method=Method.SOCIAL, verified_at=NOW - timedelta(hours=1)),
    ),
    Case(
        "the_contact_has_a_verified_dial",
        "contact.phone",
        "only copied from a social profile",
        checked("dial", method=Method.SOCIAL, verified_at=NOW - timedelta(days=9)),
    ),
    Case("the_contact_has_a_verified_dial", "contact.phone", "never verified", checked("dial")),
    Case("the_company_size_is_known", "company_size", "how many people", write(company_size=" ")),
    Case("the_company_size_is_known", "company_size", "says nothing", write(company_size="n/a")),
    Case("the_industry_is_known", "industry", "the industry", write(industry="")),
    Case("the_tech_stack_is_known", "tech_stack", "use today", write(tech_stack="tbd")),
    Case("growth_signals_are_known", "growth_signals", "hiring", write(growth_signals="none")),
    Case("it_says_why_they_were_targeted", "why_targeted", "sentence", write(why_targeted="")),
    Case(
        "it_says_why_they_were_targeted",
        "why_targeted",
        "too short",
        write(why_targeted="Strong regional fit"),
    ),
]
