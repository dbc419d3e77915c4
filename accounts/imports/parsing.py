"""How the cells of accounts and contacts are read: domains, industries, phone numbers, ids."""

import re
from functools import lru_cache

import phonenumbers
from django.core.exceptions import ValidationError
from phonenumber_field.phonenumber import PhoneNumber

from accounts.countries import country
from accounts.domains import clean_domain
from accounts.models import Account, Attitude, CommitteeRole
from team.sheets import values
from team.sheets.problems import Unreadable
from team.sheets.values import Note, Parser

# Misspellings of industries seen in real exports; the person who imports is told of each.
INDUSTRIES = {
    "technolgy": "technology",
    "tecnology": "technology",
    "techology": "technology",
    "finacial services": "financial services",
    "manufactoring": "manufacturing",
    "telecomunications": "telecommunications",
    "entertainement": "entertainment",
    "heathcare": "healthcare",
    "pharmaceutcals": "pharmaceuticals",
}
_EXPONENT = re.compile(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d+")
_LIST = re.compile(r"[;|\n]")


def domain(cell: str, note: Note) -> str:
    try:
        return clean_domain(cell)
    except ValidationError as error:
        raise Unreadable(error.messages[0]) from None


def industry(cell: str, note: Note) -> str:
    right = INDUSTRIES.get(cell.casefold())
    if right is None:
        return cell
    note(f"“{cell}” was read as “{right}”.")
    return right


def names(cell: str, note: Note) -> list[str]:
    """A list such as “Salesforce; SAP ERP”; commas part it where nothing else does."""
    parts = _LIST.split(cell) if _LIST.search(cell) else cell.split(",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def own_number(cell: str, note: Note) -> str:
    if not (cell.isascii() and cell.isdigit() and len(cell) < 19):
        raise Unreadable(f"“{cell[:60]}” is not one of our numbers.")
    return str(int(cell))


def record_id(cell: str, note: Note) -> str:
    """An id of another system; a spreadsheet may have spoilt a long number."""
    if _EXPONENT.fullmatch(cell) and "+" in cell:
        raise Unreadable(
            f"a spreadsheet turned it into “{cell}”. Format the column as text and export it again."
        )
    return cell


@lru_cache(maxsize=4096)
def phone(cell: str, region: str) -> tuple[PhoneNumber, str]:
    """The number in international form, and its extension. `region` is a country code or "".

    Raises Unreadable with a sentence.
    """
    if _EXPONENT.fullmatch(cell):
        raise Unreadable(
            f"a spreadsheet turned it into “{cell}”. Format the column as text and export it again."
        )
    text = f"+{cell[2:]}" if cell.startswith("00") else cell
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException as error:
        missing = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        if missing and not region and any(character.isdigit() for character in text):
            raise Unreadable(
                f"“{cell[:60]}” has no country code and the company’s country is not known. Write "
                "it as +49 30 …, or choose a country for such numbers."
            ) from None
        raise Unreadable(f"“{cell[:60]}” is not a phone number.") from None
    if not phonenumbers.is_valid_number(number):
        raise Unreadable(f"“{cell[:60]}” is not a phone number{_of(region, text)}.")
    extension = number.extension or ""
    plain = PhoneNumber(
        country_code=number.country_code,
        national_number=number.national_number,
        italian_leading_zero=number.italian_leading_zero,
        number_of_leading_zeros=number.number_of_leading_zeros,
    )
    return plain, extension


def _of(region: str, text: str) -> str:
    return f" of {region}" if region and not text.startswith("+") else ""


ACCOUNT: dict[str, Parser] = {
    "id": own_number,
    "domain": domain,
    "industry": industry,
    "employees": values.whole(10_000_000),
    "annual_revenue": values.money,
    "country": country,
    "year_established": values.whole(2100),
    "fit": values.choice(Account.Fit.choices),
    "technologies": names,
    "external_id": record_id,
    "hubspot_id": record_id,
    "salesforce_id": record_id,
}
CONTACT: dict[str, Parser] = {
    "id": own_number,
    "email": values.email,
    "company_domain": domain,
    "company_country": country,
    "role": values.choice(CommitteeRole.choices),
    "attitude": values.choice(Attitude.choices),
    "profile_url": values.web_address,
    "left_on": values.day,
    "external_id": record_id,
    "hubspot_id": record_id,
    "salesforce_id": record_id,
}
