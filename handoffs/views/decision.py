"""What a decision is: one button with its form and its verb; the doors are in `decisions`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handoffs import decision_forms as forms
from handoffs import rights
from handoffs.models import Handoff
from team.models import User

Status = Handoff.Status


@dataclass(frozen=True)
class Decision:
    """One button: who may press it and when, what it asks, which verb it calls, what it says."""

    name: str
    button: str
    title: str
    right: str
    sources: tuple[Status, ...]
    verb: Callable[..., Any]
    done: str
    form: type[forms.DecisionForm] = forms.Nothing
    intro: str = ""
    icon: str = ""
    style: str = ""
    why_not_now: Callable[[Handoff, datetime], str] = lambda handoff, now: ""

    @property
    def url_name(self) -> str:
        return f"handoff_{self.name}"

    @property
    def path(self) -> str:
        return self.name.replace("_", "-")

    def refusal(self, handoff: Handoff, now: datetime) -> str:
        """Why the state of things does not allow it now; empty when it does."""
        if handoff.status not in self.sources:
            return f"This handoff is now “{handoff.get_status_display()}”."
        return self.why_not_now(handoff, now)

    def is_open_to(self, user: User, handoff: Handoff, now: datetime) -> bool:
        """Whether to offer it: the state allows it and so do the person's rights."""
        return not self.refusal(handoff, now) and rights.may(user, self.right, handoff)
