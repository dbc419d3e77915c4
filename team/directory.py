"""Finds a person of the team by what another system calls them: e-mail, sign-in or full name."""

from team.models import User


class Directory:
    """Everybody who is active, read once; the team is small beside what is imported for it."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[User]] = {}
        for person in User.objects.active().order_by("pk"):
            self.add(person)

    def add(self, person: User) -> None:
        for name in {person.email, person.username, person.get_full_name()}:
            if name:
                self._by_name.setdefault(_plain(name), []).append(person)

    def find(self, text: str) -> list[User]:
        """Everybody called so; “Ana Silva (ana@desk.example)” and “Silva, Ana” work too."""
        text = " ".join(text.split())
        before, _, inside = text.partition("(")
        last, _, first = text.partition(",")
        for name in (text, inside.rstrip(") "), before, f"{first} {last}" if first else ""):
            if found := self._by_name.get(_plain(name)):
                return found
        return []


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
