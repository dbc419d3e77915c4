"""The reasons as RevOps keeps them: what was given stays."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from handoffs import lifecycle
from handoffs.models import Handoff, Reason
from team.models import User
from tests.admin_pages import change, said
from tests.factories import submitted


@pytest.fixture
def handoff(sdr: User, account: Any, contact: Any) -> Handoff:
    return submitted(sdr=sdr, account=account, contact=contact)


def test_a_reason_that_was_given_is_switched_off_not_deleted(
    client: Client, revops: User, handoff: Handoff, ae: User
) -> None:
    reason = Reason.objects.filter(use=Reason.Use.REJECT).first()
    assert reason is not None
    lifecycle.reject(handoff, by=ae, reason=reason, note="They sell to consumers only, we do not.")
    client.force_login(revops)
    address = reverse("admin:handoffs_reason_delete", args=[reason.pk])
    answer = client.post(address, {"post": "yes"})
    assert "cannot be deleted: it is used by" in said(answer)
    assert Reason.objects.filter(pk=reason.pk).exists()
    html = client.get(change(reason)).content.decode()
    assert 'name="label"' in html
    assert 'name="code"' not in html


def test_reasons_are_put_in_order_on_the_list(client: Client, revops: User) -> None:
    client.force_login(revops)
    url = "/admin/handoffs/reason/?use__exact=return"
    rows = list(client.get(url).context["cl"].result_list)
    data: dict[str, Any] = {
        "form-TOTAL_FORMS": len(rows),
        "form-INITIAL_FORMS": len(rows),
        "_save": "Save",
    }
    for number, row in enumerate(rows):
        data |= {
            f"form-{number}-id": row.pk,
            f"form-{number}-label": row.label,
            f"form-{number}-position": len(rows) - number,
            f"form-{number}-is_active": "on",
        }
    assert client.post(url, data).status_code == 302
    after = list(client.get(url).context["cl"].result_list)
    assert [row.pk for row in after] == [row.pk for row in reversed(rows)]
