"""Backups of the database: taken while people work, and put back whole or not at all."""
