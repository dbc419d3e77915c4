"""Hides who the prospect is from those who may look at a handoff but have not taken it over.

Whoever may take a handoff sees company, title and package; names, addresses and numbers of people
stay masked until it is accepted.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from django.utils.functional import cached_property

from handoffs.models import Handoff
from team.models import Territory, User

DOTS = "•••"
_EMAIL = re.compile(r"\b([\w.+-])[\w.+-]*@([\w-]+(?:\.[\w-]+)+)")
_PHONE = re.compile(r"(?:\+|\b00)\d[\d\s()./-]{5,}\d|\b0[\d\s()/-]{6,}\d")


class Reader:
    """Somebody who reads handoffs: answers for any row what they may see, looking up once."""

    def __init__(self, user: User) -> None:
        self.user = user

    def sees_people(
        self,
        *,
        sdr_id: int,
        owner_id: int | None,
        accepted_at: datetime | None,
        territory_manager_id: int | None,
        is_unplaced: bool,
    ) -> bool:
        """Whether names and addresses are shown: its author, its AE once accepted, who leads it.

        `is_unplaced`: it has neither owner nor territory, so every manager answers for it.
        """
        user = self.user
        if sdr_id == user.pk or user.is_revops or user.is_superuser:
            return True
        if owner_id == user.pk and accepted_at is not None:
            return True
        if not user.is_manager:
            return False
        return (
            territory_manager_id == user.pk
            or is_unplaced
            or sdr_id in self.team
            or (owner_id in self.team and owner_id != user.pk)
        )

    def sees_people_of(self, handoff: Handoff) -> bool:
        """`sees_people` for one handoff."""
        return self.sees_people(
            sdr_id=handoff.sdr_id,
            owner_id=handoff.owner_id,
            accepted_at=handoff.accepted_at,
            territory_manager_id=handoff.territory.manager_id if handoff.territory else None,
            is_unplaced=handoff.owner_id is None and handoff.territory_id is None,
        )

    def may_reassign(
        self,
        *,
        sdr_id: int,
        owner_id: int | None,
        territory_manager_id: int | None,
        is_unplaced: bool,
    ) -> bool:
        """Whether they may pass on what others hold: `rights.leads_it`, or RevOps, for many."""
        user = self.user
        if user.is_revops or user.is_superuser:
            return True
        return user.is_manager and (
            territory_manager_id == user.pk
            or is_unplaced
            or sdr_id in self.team
            or owner_id in self.team
        )

    @cached_property
    def team(self) -> set[int]:
        return {self.user.pk, *self.user.team_ids()}

    @cached_property
    def takes_from(self) -> set[int]:
        """The territories whose handoffs they may take: `rights.may_take` for many rows."""
        if not self.user.is_ae:
            return set()
        return set(Territory.objects.worked_by(self.user).values_list("pk", flat=True))


class Veil:
    """Rewrites the texts of one handoff; lets everything through when not `drawn`."""

    def __init__(self, *, drawn: bool, names: Iterable[str] = ()) -> None:
        self.drawn = drawn
        # Only words with a capital: a surname such as “Price” also stands in sentences.
        words = {
            word
            for name in names
            for word in re.findall(r"[^\W\d_][\w’'-]*", name)
            if len(word) > 1 and word[0].isupper()
        }
        longest_first = sorted(words, key=lambda word: (-len(word), word))
        self._names = (
            re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")
            if longest_first
            else None
        )

    def text(self, value: object) -> str:
        """Free text with the known names, and anything like an address or number, masked."""
        text = "" if value is None else str(value)
        if not self.drawn:
            return text
        text = _EMAIL.sub(rf"\1{DOTS}@\2", text)
        text = _PHONE.sub(DOTS, text)
        if self._names is not None:
            text = self._names.sub(lambda match: match.group()[0] + DOTS, text)
        return text

    def name(self, value: object) -> str:
        return mask_name(str(value or "")) if self.drawn else str(value or "")

    def email(self, value: object) -> str:
        return mask_email(str(value or "")) if self.drawn else str(value or "")

    def phone(self, value: object) -> str:
        return mask_phone(str(value or "")) if self.drawn else str(value or "")


def veil_for(reader: Reader, handoff: Handoff) -> Veil:
    """The veil between `reader` and this handoff, which knows everybody named in its package."""
    if reader.sees_people_of(handoff):
        return Veil(drawn=False)
    names = [member.name for member in handoff.committee.all()]
    names += [quote.speaker for quote in handoff.quotes.all()]
    names += [answer.said_by for answer in handoff.answers.all()]
    if handoff.contact:
        names.append(handoff.contact.name)
    return Veil(drawn=True, names=names)


def mask_name(name: str) -> str:
    """
    >>> mask_name("Priya Nair")
    'P••• N•••'
    """
    return " ".join(f"{word[0]}{DOTS}" for word in name.split())


def mask_email(email: str) -> str:
    """
    >>> mask_email("priya.nair@acme.example")
    'p•••@acme.example'
    """
    local, at, domain = email.partition("@")
    return f"{local[:1]}{DOTS}{at}{domain}" if email else ""


def mask_phone(phone: str) -> str:
    """
    >>> mask_phone("+49 30 901820")
    '+49 •••'
    """
    if not phone:
        return ""
    head = phone.split()[0]
    return f"{head} {DOTS}" if head.startswith("+") and len(head) <= 4 else DOTS
