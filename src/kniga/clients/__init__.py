"""Whom we sell to: companies and persons, contacts, requisites, owners."""
