"""Accounts and contacts for django-import-export: what is imported how, and what is exported."""

from typing import Any

from import_export.fields import Field

from accounts.imports.accounts import AccountImporter
from accounts.imports.contacts import ContactImporter
from accounts.models import Account, Contact
from team.models import User
from team.sheets.resources import SheetResource


class AccountResource(SheetResource):
    """Exports in our own columns, which import again as they are."""

    importer = AccountImporter
    parent = Field(column_name="parent")
    technologies = Field(column_name="technologies")
    territory = Field(column_name="territory", attribute="territory__name")
    owner = Field(column_name="owner")
    sdr = Field(column_name="sdr")

    class Meta:
        model = Account
        name = "Accounts"
        clean_model_instances = True
        fields = tuple(column.field for column in AccountImporter.formats[0].columns)
        export_order = fields

    joined = ("parent", "territory", "owner", "sdr")
    fetched = ("technologies",)

    def dehydrate_parent(self, account: Account) -> str:
        return account.parent.name if account.parent else ""

    def dehydrate_technologies(self, account: Account) -> str:
        return "; ".join(technology.name for technology in account.technologies.all())

    def dehydrate_owner(self, account: Account) -> str:
        return _called(account.owner)

    def dehydrate_sdr(self, account: Account) -> str:
        return _called(account.sdr)


class ContactResource(SheetResource):
    """Exports in our own columns, which import again as they are."""

    importer = ContactImporter
    account = Field(column_name="account", attribute="account__name")
    account_domain = Field(column_name="account_domain", attribute="account__domain")
    account_country = Field(column_name="account_country", attribute="account__country")
    phone = Field(column_name="phone")
    mobile = Field(column_name="mobile")

    class Meta:
        model = Contact
        name = "Contacts"
        clean_model_instances = True
        fields = tuple(column.header for column in ContactImporter.formats[0].columns)
        export_order = fields

    joined = ("account",)

    def dehydrate_phone(self, contact: Contact) -> str:
        return _international(contact.phone)

    def dehydrate_mobile(self, contact: Contact) -> str:
        return _international(contact.mobile)


def _called(person: User | None) -> str:
    return (person.email or person.username) if person else ""


def _international(number: Any) -> str:
    return number.as_e164 if number else ""
