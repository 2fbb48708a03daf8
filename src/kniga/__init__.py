"""Kniga: a CRM that executes the sales book of a sales department."""

__version__ = "0.1.0"
