"""A signed-in SDR, and packages in the states that the form is about."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff
from team.models import Territory, User
from tests.factories import (
    complete_package,
)


@pytest.fixture
def desk(client: Client, sdr: User) -> Client:
    client.force_login(sdr)
    return client


@pytest.fixture
def complete(sdr: User, account: Account, contact: Contact) -> Handoff:
    return complete_package(sdr=sdr, account=account, contact=contact)


@pytest.fixture
def empty(sdr: User, north: Territory, standard: Any) -> Handoff:
    return lifecycle.create_draft(sdr=sdr, by=sdr)


@pytest.fixture
def returned(complete: Handoff, sdr: User, ae: User) -> Handoff:
    handoff = lifecycle.submit(complete, by=sdr)
    return lifecycle.return_for_information(
        handoff, by=ae, question="Which price list do they use today?"
    )
