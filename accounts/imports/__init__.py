"""Accounts and contacts from files: our own, HubSpot, Salesforce, vendor and Maven columns."""
