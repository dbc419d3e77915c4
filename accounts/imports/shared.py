"""What the imports of accounts and contacts share: owners, territories and foreign ids."""

from collections.abc import Callable, Collection

from accounts.models import Account, Contact
from team.directory import Directory
from team.models import Role, Territory, User
from team.sheets.core import Change, Record
from team.sheets.problems import Remark

FOREIGN_IDS = ("external_id", "hubspot_id", "salesforce_id")


class Owners:
    """Finds the people that a file names as owners. Who is not found is noted, never an error."""

    def __init__(self, by: User | None) -> None:
        self.directory = Directory()
        # An SDR brings in companies for their own desk and assigns nobody.
        assigns = by is None or by.is_manager or by.is_revops or by.is_superuser
        self.own_desk = None if assigns else by

    def set(
        self, account: Account, field: str, text: str, record: Record, header: str
    ) -> list[Change]:
        """Sets the account's `owner` (an AE) or `sdr` to whom `text` names."""
        if self.own_desk:
            self._note(record, header, "owners are set by a manager; the column was left out.")
            return []
        role = Role.AE if field == "owner" else Role.SDR
        person = self.named(text, {role}, record, header)
        if person is None or getattr(account, f"{field}_id") == person.pk:
            return []
        change = Change(field, str(getattr(account, field) or ""), str(person))
        setattr(account, field, person)
        return [change]

    def named(self, text: str, roles: Collection[Role], record: Record, header: str) -> User | None:
        """The one person with one of these roles whom `text` names."""
        people = self.directory.find(text)
        fitting = [person for person in people if set(person.roles) & set(roles)]
        if len(fitting) == 1:
            return fitting[0]
        labels = " or ".join(str(role.label) for role in roles)
        if not people:
            sentence = f"nobody here is called “{text[:60]}”; the owner was left as it is."
        elif not fitting:
            sentence = f"“{text[:60]}” is no {labels}; the owner was left as it is."
        else:
            sentence = f"{len(fitting)} people are called “{text[:60]}”; use their e-mail."
        self._note(record, header, sentence)
        return None

    def _note(self, record: Record, header: str, sentence: str) -> None:
        record.notes.append(Remark(record.number, header, sentence))


class Territories:
    """The active territories by name and by country, read once."""

    def __init__(self) -> None:
        self._by_name: dict[str, Territory] = {}
        self._by_country: dict[str, Territory] = {}
        for territory in Territory.objects.filter(is_active=True).order_by("pk"):
            self._by_name.setdefault(territory.name.casefold(), territory)
            for code in territory.countries:
                self._by_country.setdefault(code, territory)

    def by_name(self, name: str) -> Territory | None:
        return self._by_name.get(name.casefold())

    def by_country(self, code: str) -> Territory | None:
        return self._by_country.get(code)


def keep_ids(
    instance: Account | Contact, record: Record, header: Callable[[str], str]
) -> list[Change]:
    """Fills in ids of other systems. One that we have is kept: it is how the record is found."""
    changes = []
    for field in FOREIGN_IDS:
        new, old = record.values.get(field, ""), getattr(instance, field)
        if new and not old:
            setattr(instance, field, new)
            changes.append(Change(field, "", new))
        elif new and new != old:
            sentence = f"we know this record as {old}; {new} was left out."
            record.notes.append(Remark(record.number, header(field), sentence))
    return changes
