"""Who a request is about: the contacts behind an e-mail address, and the words that give them away.

Nothing here changes anything.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import phonenumbers
from django.db.models import Q

from accounts.models import Contact, ContactChange, Departure, Verification, VerifiedField
from handoffs.models import CommitteeMember, Handoff

_BETWEEN_DIGITS = r"[\s()./–-]{0,3}"
_NAME_WORD = re.compile(r"[^\W\d_][\w’'-]+")


class Words:
    """Texts to be found, whole and in any case: names, addresses, numbers, links.

    Of `names`, single words of a name, only those with a capital: a surname such as “Price” also
    stands in sentences.
    """

    def __init__(
        self, texts: Iterable[str] = (), phones: Iterable[str] = (), names: Iterable[str] = ()
    ) -> None:
        self.texts = sorted({text for text in texts if text}, key=lambda text: (-len(text), text))
        self.phones = sorted({phone for phone in phones if phone})
        parts = [f"(?i:{_edged(re.escape(text))})" for text in self.texts]
        parts += [_phone_pattern(phone) for phone in self.phones]
        single = sorted({form for name in names for form in (name.capitalize(), name.upper())})
        single += sorted({name for name in names if name[0].isupper()} - set(single))
        parts += [_edged(re.escape(name)) for name in single]
        self._pattern = re.compile("|".join(parts)) if parts else None

    def __bool__(self) -> bool:
        return self._pattern is not None

    def stand_in(self, text: str) -> bool:
        return bool(self._pattern and self._pattern.search(text))

    def replaced(self, text: str, mark: str) -> str:
        return self._pattern.sub(lambda match: mark, text) if self._pattern else text

    def spellings(self) -> set[str]:
        """How they may stand in a column: what a database can look for, in text and in JSON."""
        found = set(self.texts)
        for phone in self.phones:
            found |= _written(phone)
        # SQLite tells cases apart beyond ASCII
        found |= {change(text) for text in self.texts for change in (str.lower, str.upper)}
        return found | {json.dumps(text)[1:-1] for text in found}


@dataclass(frozen=True)
class Person:
    """Somebody known by `email`, with everything of ours that is theirs."""

    email: str
    contacts: list[Contact]
    emails: set[str]
    everywhere: Words
    nearby: Words
    # Handoffs in which they are the prospect; and those in which they take a seat
    handoffs: set[int] = field(default_factory=set)
    seats: set[int] = field(default_factory=set)
    has_namesakes: bool = False

    @property
    def ids(self) -> list[int]:
        return [contact.pk for contact in self.contacts]

    @property
    def is_known(self) -> bool:
        return bool(self.contacts)


def find(email: str) -> Person:
    """Whoever has `email`, or had it when nobody has it now; perhaps nobody whom we keep."""
    email = email.strip().lower()
    contacts = list(Contact.objects.select_related("account").filter(email__iexact=email))
    if not contacts:
        contacts = list(
            Contact.objects.select_related("account").filter(
                Q(changes__field=VerifiedField.EMAIL, changes__old__iexact=email)
                | Q(verifications__field=VerifiedField.EMAIL, verifications__value__iexact=email)
            )
        )
    return _known(email, contacts)


def known_as(contact: Contact) -> Person:
    """The person behind one contact, who may have no address at all."""
    return _known(contact.email.lower(), [contact])


def _known(email: str, contacts: list[Contact]) -> Person:
    contacts = _at_every_company(contacts)
    ids = [contact.pk for contact in contacts]
    emails = {
        *filter(None, [email]),
        *(contact.email.lower() for contact in contacts if contact.email),
    }
    phones = {str(number) for c in contacts for number in (c.phone, c.mobile) if number}
    emails |= _former(ids, VerifiedField.EMAIL)
    phones |= _former(ids, VerifiedField.DIAL)
    names = {form for contact in contacts for form in _names(contact)}
    namesakes = _namesakes(contacts)
    links = {contact.profile_url for contact in contacts}
    firms = {contact.account_id for contact in contacts if contact.account_id}
    everywhere = Words({*emails, *links, *(() if namesakes else names)}, phones)
    single = {
        word
        for contact in contacts
        for word in _NAME_WORD.findall(f"{contact.first_name} {contact.last_name}")
    }
    theirs = Handoff.objects.filter(contact_id__in=ids)
    seated = CommitteeMember.objects.filter(
        Q(contact_id__in=ids) | Q(name__in=names, handoff__account_id__in=firms)
    )
    return Person(
        email=email,
        contacts=contacts,
        emails=emails,
        everywhere=everywhere,
        nearby=Words({*emails, *links, *names}, phones, single),
        handoffs=set(theirs.values_list("pk", flat=True)),
        seats=set(seated.values_list("handoff_id", flat=True)),
        has_namesakes=namesakes,
    )


def _at_every_company(contacts: list[Contact]) -> list[Contact]:
    """These contacts, and the same person’s at the companies they came from and went to."""
    known = {contact.pk for contact in contacts}
    while True:
        moves = Departure.objects.filter(
            Q(contact_id__in=known) | Q(successor_id__in=known), successor__isnull=False
        )
        more = {pk for pair in moves.values_list("contact", "successor") for pk in pair} - known
        if not more:
            break
        known |= more
    return list(Contact.objects.select_related("account").filter(pk__in=known).order_by("pk"))


def _former(ids: list[int], kind: VerifiedField) -> set[str]:
    """The values that a field of these contacts once had."""
    changes = ContactChange.objects.filter(contact_id__in=ids, field=kind)
    found = {value for pair in changes.values_list("old", "new") for value in pair}
    checked = Verification.objects.filter(contact_id__in=ids, field=kind)
    found |= set(checked.values_list("value", flat=True))
    return {value.lower() for value in found if value}


def _names(contact: Contact) -> set[str]:
    """The full name as it may be written; nothing where only half of it is known."""
    first, last = contact.first_name.strip(), contact.last_name.strip()
    if not (first and last):
        return set()
    return {f"{first} {last}", f"{last}, {first}", f"{last} {first}"}


def _namesakes(contacts: list[Contact]) -> bool:
    """Whether somebody else has the same name, so that the name alone says nothing."""
    ids = [contact.pk for contact in contacts]
    return any(
        Contact.objects.filter(
            first_name__iexact=contact.first_name, last_name__iexact=contact.last_name
        )
        .exclude(pk__in=ids)
        .exists()
        for contact in contacts
        if contact.first_name and contact.last_name
    )


def _edged(pattern: str) -> str:
    """`pattern` as a whole word or address, not as a part of a longer one."""
    return rf"(?<![\w.+-]){pattern}(?![\w-]|\.\w)" if "@" in pattern else rf"(?<!\w){pattern}(?!\w)"


def _phone_pattern(phone: str) -> str:
    """A number however people write it: +49 30 901820, 0049-30-901820, 030 / 901820."""
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return _edged(re.escape(phone))
    national = phonenumbers.national_significant_number(number)
    digits = _BETWEEN_DIGITS.join(national)
    country = _BETWEEN_DIGITS.join(str(number.country_code))
    lead = rf"(?:(?:\+|00)?{country}{_BETWEEN_DIGITS}(?:\(?0\)?{_BETWEEN_DIGITS})?|0)?"
    return rf"(?<!\d)\(?{lead}{digits}(?!\d)"


def _written(phone: str) -> set[str]:
    """The usual ways to write a number, for a database to look for."""
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return {phone}
    forms = phonenumbers.PhoneNumberFormat
    kinds = (forms.E164, forms.INTERNATIONAL, forms.NATIONAL, forms.RFC3966)
    found = {phonenumbers.format_number(number, kind).removeprefix("tel:") for kind in kinds}
    return {*found, phonenumbers.national_significant_number(number)}
