"""What somebody may do with one handoff: asked by every verb, and by pages before they offer it.

Which rows somebody sees is `Handoff.objects.visible_to`; this is what they may do with one.
"""

from handoffs.models import Handoff
from team.models import User

SUBMIT, ACCEPT, DECIDE, WITHDRAW = "submit", "accept", "decide", "withdraw"
REASSIGN, WORK, EDIT, DELETE = "reassign", "work", "edit", "delete"
BOOK, LEAD, PAUSE = "book", "lead", "pause"


def why_not(user: User | None, action: str, handoff: Handoff) -> str:
    """Why `user` may not do `action`, as a sentence; empty when they may.

    None stands for the product itself, which may do what the lifecycle allows.
    """
    if user is None:
        return ""
    if not user.is_active:
        return "This sign-in is deactivated."
    return _RULES[action](user, handoff)


def may(user: User | None, action: str, handoff: Handoff) -> bool:
    """Whether `why_not` has nothing to say."""
    return not why_not(user, action, handoff)


def leads_it(user: User, handoff: Handoff) -> bool:
    """Whether this manager is responsible for the handoff: by its people or its territory."""
    if user.is_superuser:
        return True
    if not user.is_manager:
        return False
    if handoff.territory is not None and handoff.territory.manager_id == user.pk:
        return True
    if handoff.owner_id is None and handoff.territory_id is None:
        return True
    team = {user.pk, *user.team_ids()}
    return handoff.sdr_id in team or handoff.owner_id in team


def leads(manager: User, person: User) -> bool:
    """Whether `person` is in the team of this manager."""
    return manager.is_superuser or person.pk == manager.pk or person.pk in manager.team_ids()


def may_take(user: User, handoff: Handoff) -> bool:
    """Whether this AE works the handoff's territory, so may take it from the queue."""
    territory = handoff.territory
    if territory is None:
        return False
    return (
        territory.primary_id == user.pk
        or territory.team.filter(pk=user.pk).exists()
        or territory.coverage.filter(backup=user).exists()
    )


def _edit(user: User, handoff: Handoff) -> str:
    if handoff.sdr_id == user.pk and user.is_sdr:
        return ""
    if leads_it(user, handoff):
        return ""
    return f"Only {handoff.sdr} or their manager may change this package."


def _submit(user: User, handoff: Handoff) -> str:
    if _edit(user, handoff):
        return f"Only {handoff.sdr} or their manager may submit this handoff."
    return ""


def _withdraw(user: User, handoff: Handoff) -> str:
    if _edit(user, handoff):
        return f"Only {handoff.sdr} or their manager may withdraw this handoff."
    return ""


def _delete(user: User, handoff: Handoff) -> str:
    if handoff.submitted_at is not None or handoff.status != Handoff.Status.DRAFT:
        return "Only a draft that was never submitted may be deleted; withdraw it instead."
    return _edit(user, handoff)


def _accept(user: User, handoff: Handoff) -> str:
    if handoff.sdr_id == user.pk:
        return "You wrote this handoff, so somebody else has to take it."
    if not user.is_ae:
        return "Only an AE may accept a handoff."
    if handoff.owner_id == user.pk or may_take(user, handoff):
        return ""
    return f"This handoff belongs to {handoff.owner or 'another territory'}."


def _decide(user: User, handoff: Handoff) -> str:
    if handoff.sdr_id == user.pk:
        return "You wrote this handoff, so somebody else has to decide on it."
    if handoff.owner_id == user.pk or leads_it(user, handoff):
        return ""
    if handoff.owner_id is None and user.is_ae and may_take(user, handoff):
        return ""
    return f"Only {handoff.owner or 'its AE'} or their manager may decide on this handoff."


def _work(user: User, handoff: Handoff) -> str:
    if handoff.owner_id == user.pk or leads_it(user, handoff):
        return ""
    return f"Only {handoff.owner or 'its AE'} or their manager may do this."


def _book(user: User, handoff: Handoff) -> str:
    if handoff.sdr_id == user.pk or handoff.owner_id == user.pk or leads_it(user, handoff):
        return ""
    return f"Only {handoff.sdr}, {handoff.owner or 'its AE'} or their manager may do this."


def _lead(user: User, handoff: Handoff) -> str:
    return "" if leads_it(user, handoff) else "Only a manager of this handoff may do this."


def _pause(user: User, handoff: Handoff) -> str:
    if handoff.owner_id == user.pk:
        return "Nobody pauses a clock that runs for themselves; your manager can."
    if leads_it(user, handoff) or user.is_revops:
        return ""
    return "Only a manager of this handoff may pause its clocks."


def _reassign(user: User, handoff: Handoff) -> str:
    if leads_it(user, handoff) or user.is_revops:
        return ""
    if handoff.owner_id == user.pk:
        return ""
    return "Only a manager, or the AE who has it, may pass this handoff on."


_RULES = {
    SUBMIT: _submit,
    ACCEPT: _accept,
    DECIDE: _decide,
    WITHDRAW: _withdraw,
    REASSIGN: _reassign,
    WORK: _work,
    EDIT: _edit,
    DELETE: _delete,
    BOOK: _book,
    LEAD: _lead,
    PAUSE: _pause,
}
