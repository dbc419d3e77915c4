"""The shared standard: what ships, who signs, and what may never change again."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models import QuerySet

from accounts.models import Account, Contact
from handoffs import shipped
from handoffs.apps import ship as ship_after_migrate
from handoffs.models import Criterion, Framework, FrameworkVersion, Handoff, MustHave, Reason
from team.models import Role, User
from tests.factories import complete_package

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
Version = FrameworkVersion


@pytest.fixture
def draft(db: None) -> Version:
    return Version.objects.get(framework__code="bant")


@pytest.fixture
def team(sdr: User, ae: User, other_ae: User, other_sdr: User) -> None:
    """Mara leads an SDR and an AE, and so does Otto."""


def sign_both(version: Version, manager: User, other_manager: User) -> None:
    version.sign(by=manager, side=Role.SDR)
    version.sign(by=other_manager, side=Role.AE)


# --- What ships


@pytest.mark.parametrize("code", ["bant", "meddic", "spiced"])
def test_each_framework_ships_as_a_draft_that_could_be_signed(db: None, code: str) -> None:
    version = Version.objects.get(framework__code=code)

    assert (version.number, version.state) == (1, Version.State.DRAFT)
    assert version.signed_by_sdr_leader is None and version.signed_by_ae_leader is None
    assert version.missing_must_haves() == []
    for criterion in version.criteria.all():
        criterion.full_clean()
        assert len(criterion.confirmed_means.split()) > 10


def test_only_the_budget_may_be_estimated_among_the_must_haves(db: None) -> None:
    for criterion in Criterion.objects.exclude(must_have=""):
        estimated = criterion.minimum == Criterion.Minimum.ESTIMATED
        assert estimated == (criterion.must_have == MustHave.BUDGET), criterion.code


def test_reasons_ship_for_every_use_and_only_some_count(db: None) -> None:
    assert {reason.use for reason in Reason.objects.all()} == set(Reason.Use.values)
    for reason in Reason.objects.all():
        reason.full_clean()
        assert reason.hint
    uncounted = set(
        Reason.objects.filter(use="reject", counts=False).values_list("code", flat=True)
    )
    assert uncounted == {"duplicate", "wrong_territory", "existing_customer", "no_capacity"}


def test_shipping_again_changes_nothing_that_an_admin_edited(db: None) -> None:
    Criterion.objects.filter(version__framework__code="bant", code="need").update(name="Problem")
    Criterion.objects.filter(version__framework__code="spiced", code="impact").delete()
    Framework.objects.filter(code="meddic").update(name="Our MEDDIC")
    Reason.objects.filter(code="no_budget").update(label="No money", is_active=False)
    before = [list(model.objects.values()) for model in (Framework, Version, Criterion, Reason)]

    shipped.ship()

    after = [list(model.objects.values()) for model in (Framework, Version, Criterion, Reason)]
    assert after == before


def test_shipping_leaves_a_framework_of_the_same_name_alone(db: None) -> None:
    Framework.objects.filter(code="bant").update(code="house-bant")

    shipped.ship()

    assert Framework.objects.filter(name="BANT").count() == 1


def test_what_is_missing_is_shipped_again(db: None) -> None:
    Version.objects.all().delete()
    Framework.objects.all().delete()
    Reason.objects.all().delete()

    shipped.ship()

    assert Framework.objects.count() == 3
    assert Criterion.objects.count() == 4 + 10 + 6
    assert Reason.objects.count() == 14 + 6 + 13


@pytest.mark.django_db(transaction=True)
def test_what_ships_is_there_again_after_a_flush() -> None:
    call_command("flush", interactive=False, verbosity=0)

    assert set(Framework.objects.values_list("code", flat=True)) == {"bant", "meddic", "spiced"}
    assert Reason.objects.filter(code="no_budget").exists()


def test_nothing_ships_into_tables_that_are_not_there_yet(db: None) -> None:
    Version.objects.all().delete()
    Framework.objects.all().delete()
    before_everything = MigrationLoader(connection).project_state([]).apps

    ship_after_migrate(apps=before_everything)
    assert not Framework.objects.exists()

    ship_after_migrate(apps=apps)
    assert Framework.objects.exists()


# --- Signing and activating


def test_two_leaders_sign_and_the_standard_becomes_active(
    draft: Version, team: None, manager: User, other_manager: User
) -> None:
    sign_both(draft, manager, other_manager)
    draft.activate()

    draft.refresh_from_db()
    assert draft.state == Version.State.ACTIVE
    assert (draft.signed_by_sdr_leader, draft.signed_by_ae_leader) == (manager, other_manager)
    assert draft.sdr_leader_signed_at == draft.ae_leader_signed_at == draft.activated_at == NOW


def test_whoever_leads_nobody_of_that_side_cannot_sign(
    draft: Version, team: None, sdr: User, revops: User, director: User
) -> None:
    for somebody in (sdr, revops, director):
        with pytest.raises(ValidationError, match="leads no SDRs, so cannot sign"):
            draft.sign(by=somebody, side=Role.SDR)


def test_a_leader_who_left_cannot_sign(draft: Version, team: None, manager: User) -> None:
    manager.is_active = False
    manager.save()

    with pytest.raises(ValidationError, match="cannot sign for them"):
        draft.sign(by=manager, side=Role.SDR)


def test_there_are_two_sides_only(draft: Version, team: None, manager: User) -> None:
    with pytest.raises(ValidationError, match="Sign for the SDRs or for the AEs"):
        draft.sign(by=manager, side=Role.REVOPS)


def test_one_person_does_not_sign_for_both_sides(draft: Version, team: None, manager: User) -> None:
    draft.sign(by=manager, side=Role.SDR)

    with pytest.raises(ValidationError, match="two different people"):
        draft.sign(by=manager, side=Role.AE)


def test_one_person_for_both_sides_is_refused_from_an_old_copy_too(
    draft: Version, team: None, manager: User
) -> None:
    old_copy = Version.objects.get(pk=draft.pk)
    draft.sign(by=manager, side=Role.SDR)

    with pytest.raises(ValidationError, match="two different people"):
        old_copy.sign(by=manager, side=Role.AE)


def test_the_database_holds_the_two_signatures(draft: Version, team: None, manager: User) -> None:
    version = Version.objects.filter(pk=draft.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        version.update(state="active")
    with pytest.raises(IntegrityError), transaction.atomic():
        version.update(state="active", signed_by_sdr_leader=manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        version.update(signed_by_sdr_leader=manager, signed_by_ae_leader=manager)


def test_a_side_signs_once(draft: Version, team: None, manager: User, other_manager: User) -> None:
    draft.sign(by=manager, side=Role.SDR)

    with pytest.raises(ValidationError, match="Mara Lindt has already signed for the SDRs"):
        draft.sign(by=other_manager, side=Role.SDR)


def test_without_both_signatures_nothing_becomes_active(
    draft: Version, team: None, manager: User
) -> None:
    with pytest.raises(ValidationError, match="both have to sign"):
        draft.activate()
    draft.sign(by=manager, side=Role.SDR)
    with pytest.raises(ValidationError, match="both have to sign"):
        draft.activate()


@pytest.mark.parametrize("must", MustHave)
def test_a_standard_without_a_must_have_is_neither_signed_nor_activated(
    draft: Version, team: None, manager: User, other_manager: User, must: MustHave
) -> None:
    draft.criteria.filter(must_have=must).update(is_required=False)
    with pytest.raises(ValidationError, match=str(must.label).lower()):
        draft.sign(by=manager, side=Role.SDR)

    Version.objects.filter(pk=draft.pk).update(
        signed_by_sdr_leader=manager, signed_by_ae_leader=other_manager
    )
    with pytest.raises(ValidationError, match="No required criterion asks for"):
        draft.activate()


def test_the_standard_before_retires(
    standard: Version, team: None, manager: User, other_manager: User
) -> None:
    after = standard.copy("Stricter on the timeline.")
    sign_both(after, manager, other_manager)
    after.activate()

    standard.refresh_from_db()
    assert standard.state == Version.State.RETIRED
    assert list(Version.objects.active()) == [after]


def test_only_a_draft_is_signed_or_activated(standard: Version, team: None, manager: User) -> None:
    with pytest.raises(ValidationError, match="Only a draft can be signed"):
        standard.sign(by=manager, side=Role.SDR)
    with pytest.raises(ValidationError, match="Only a draft can be activated"):
        standard.activate()


# --- Never edited once signed or used


def _save(criterion: Criterion) -> None:
    criterion.name = "Something else"
    criterion.save()


def _move_away(criterion: Criterion) -> None:
    criterion.version = Version.objects.get(framework__code="spiced")
    criterion.save()


def _move_in(criterion: Criterion) -> None:
    other = Criterion.objects.get(version__framework__code="spiced", code="impact")
    other.version = criterion.version
    other.save()


EDITS: dict[str, Callable[[Criterion], Any]] = {
    "save": _save,
    "save_one_field": lambda c: c.save(update_fields=["name"]),
    "move_away": _move_away,
    "move_in": _move_in,
    "delete": lambda c: c.delete(),
    "clean": lambda c: c.full_clean(),
    "create": lambda c: c.version.criteria.create(
        code="new", name="New", confirmed_means="Something new that they said."
    ),
    "bulk_create": lambda c: Criterion.objects.bulk_create(
        [Criterion(version=c.version, code="new", name="New", confirmed_means="Words")]
    ),
    "bulk_update": lambda c: Criterion.objects.bulk_update([c], ["name"]),
    "queryset_update": lambda c: c.version.criteria.update(is_required=False),
    "queryset_update_into": lambda c: Criterion.objects.filter(code="impact").update(
        version=c.version
    ),
    "related_add": lambda c: c.version.criteria.add(Criterion.objects.get(code="impact")),
    "related_steal": lambda c: Version.objects.get(framework__code="spiced").criteria.add(c),
    "queryset_delete": lambda c: c.version.criteria.filter(code="need").delete(),
    "version_delete": lambda c: c.version.delete(),
    "versions_delete": lambda c: Version.objects.filter(pk=c.version_id).delete(),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
@pytest.mark.parametrize("lock", ["signed", "active", "retired", "used"])
def test_a_locked_standard_is_not_edited_by_any_way(
    draft: Version,
    team: None,
    manager: User,
    other_manager: User,
    sdr: User,
    lock: str,
    edit: Callable[[Criterion], Any],
) -> None:
    criterion = draft.criteria.get(code="need")
    if lock == "used":
        Handoff.objects.create(sdr=sdr, framework_version=draft)
    else:
        draft.sign(by=manager, side=Role.SDR)
    if lock in ("active", "retired"):
        draft.sign(by=other_manager, side=Role.AE)
        draft.activate()
    if lock == "retired":
        Version.objects.filter(pk=draft.pk).update(state=Version.State.RETIRED)
    before = list(QuerySet(Criterion).order_by("pk").values())

    with pytest.raises(ValidationError, match="make a new version"), transaction.atomic():
        edit(criterion)

    assert list(QuerySet(Criterion).order_by("pk").values()) == before


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_open_draft_is_edited_freely(draft: Version, edit: Callable[[Criterion], Any]) -> None:
    edit(draft.criteria.get(code="need"))


def test_the_wording_of_a_locked_version_stays(standard: Version) -> None:
    standard.note = "Rewritten."

    with pytest.raises(ValidationError, match="make a new version"):
        standard.save()
    with pytest.raises(ValidationError, match="make a new version"):
        standard.full_clean()


def test_a_handoff_keeps_the_version_it_was_written_under(
    standard: Version,
    team: None,
    manager: User,
    other_manager: User,
    sdr: User,
    account: Account,
    contact: Contact,
) -> None:
    handoff = complete_package(sdr=sdr, account=account, contact=contact)
    after = standard.copy()
    sign_both(after, manager, other_manager)
    after.activate()

    handoff.refresh_from_db()
    assert handoff.framework_version == standard
    assert standard.criteria.count() == 4


def test_a_copy_is_an_open_draft_with_the_same_criteria(standard: Version) -> None:
    copy = standard.copy("Ask for the approver’s name.")

    assert (copy.number, copy.state, copy.is_locked) == (2, Version.State.DRAFT, False)
    fields = ("code", "name", "confirmed_means", "minimum", "must_have", "position")
    assert list(copy.criteria.values(*fields)) == list(standard.criteria.values(*fields))
    copy.criteria.get(code="need").delete()
    assert standard.criteria.filter(code="need").exists()


# --- What a criterion may be


@pytest.mark.parametrize("choices", ["yes", [1, 2], None, {"a": 1}])
def test_choices_are_a_list_of_texts(draft: Version, choices: Any) -> None:
    criterion = draft.criteria.get(code="need")
    criterion.answer_type, criterion.choices = "choice", choices

    with pytest.raises(ValidationError):
        criterion.full_clean()


def test_a_choice_needs_two_answers(draft: Version) -> None:
    criterion = draft.criteria.get(code="need")
    criterion.answer_type, criterion.choices = "choice", ["Only this"]

    with pytest.raises(ValidationError, match="at least two answers"):
        criterion.full_clean()


def test_pain_authority_and_timeline_are_not_estimated(draft: Version) -> None:
    criterion = draft.criteria.get(code="need")
    criterion.minimum = Criterion.Minimum.ESTIMATED

    with pytest.raises(ValidationError, match="Only the budget may be estimated"):
        criterion.full_clean()
