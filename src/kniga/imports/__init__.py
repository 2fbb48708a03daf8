"""Files become clients, contacts, products, users and deals, and can be undone."""
