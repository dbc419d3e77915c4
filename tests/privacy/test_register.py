"""Every text field of every model is classified, so that no hiding place is forgotten."""

from django.apps import apps

from privacy.register import REGISTER, Kind, kinds_of, text_fields


def test_every_text_field_is_classified() -> None:
    missing = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if not model._meta.proxy
        for field in text_fields(model)
        if field.name not in kinds_of(model._meta.label)
    ]
    assert missing == [], "say in privacy/register.py what these hold"


def test_the_register_names_only_what_exists() -> None:
    installed = {model._meta.label for model in apps.get_models()}
    optional = {"account", "mfa", "socialaccount"}  # there where a second step is switched on
    for label in REGISTER:
        if label.partition(".")[0] in optional and label not in installed:
            continue
        model = apps.get_model(label)
        names = {field.name for field in model._meta.concrete_fields}
        assert set(kinds_of(label)) <= names, label


def test_no_field_is_two_things() -> None:
    for label, kinds in REGISTER.items():
        names = [name for listed in kinds.values() for name in listed.split()]
        assert len(names) == len(set(names)), label


def test_whatever_is_known_of_a_contact_is_personal() -> None:
    business = {"source"}
    kinds = kinds_of("accounts.Contact")
    assert {name for name, kind in kinds.items() if kind != Kind.PERSONAL} == business
