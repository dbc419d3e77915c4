"""Foreign keys go down the stairs only: a string hides them from the import linter."""

from django.apps import apps

FLOORS = {
    "team": 0,
    "accounts": 1,
    "messaging": 1,
    "handoffs": 2,
    "sla": 3,
    "reports": 4,
    "privacy": 5,
}
SIBLINGS = {"accounts", "messaging"}


def test_foreign_keys_go_down_the_stairs() -> None:
    ours = [model for model in apps.get_models() if model._meta.app_label in FLOORS]
    assert ours
    upward = []
    for model in ours:
        here = model._meta.app_label
        for field in model._meta.get_fields():
            target = field.related_model if field.concrete and field.is_relation else None
            if target is None or target == "self":
                continue
            there = target._meta.app_label
            if there not in FLOORS:
                continue
            if FLOORS[there] > FLOORS[here] or {here, there} == SIBLINGS:
                upward.append(f"{model.__name__}.{field.name} → {target.__name__}")
    assert upward == []
