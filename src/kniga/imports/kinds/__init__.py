"""The kinds of imports, each with its fields and its way to write and to remove."""

from __future__ import annotations

from typing import Final

from kniga.imports.kinds.clients import ClientsImporter
from kniga.imports.kinds.contacts import ContactsImporter
from kniga.imports.kinds.deals import DealsImporter
from kniga.imports.kinds.importer import Importer
from kniga.imports.kinds.products import ProductsImporter
from kniga.imports.kinds.users import UsersImporter

IMPORTERS: Final[dict[str, type[Importer]]] = {
    "users": UsersImporter,
    "clients": ClientsImporter,
    "contacts": ContactsImporter,
    "products": ProductsImporter,
    "deals": DealsImporter,
}
