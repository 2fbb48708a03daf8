"""Mailboxes: letters on their way in, to the deal they belong to or to somebody who sorts them."""
