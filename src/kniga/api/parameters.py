"""Query parameters an operation does not have are refused by name: a misspelt filter must not look like "all"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from kniga.api.problems import Problem

if TYPE_CHECKING:
    from ninja import NinjaAPI


def refuse_unknown_parameters(api: NinjaAPI) -> None:
    """Make every operation of `api` refuse, after its door, the query parameters it does not have."""
    for router in api._get_bound_routers():
        for path in router.path_operations.values():
            for operation in path.operations:
                # django-ninja reads the values of a call here, behind the door and before the view.
                operation._get_values = _strict(operation._get_values, _known(operation.models))  # type: ignore[method-assign]


def _known(models: Iterable[Any]) -> frozenset[str]:
    names: set[str] = set()
    for model in models:
        if model.__ninja_param_source__ == "query":
            flat = getattr(model, "__ninja_flatten_map__", None)
            names |= set(flat or (field.alias or name for name, field in model.model_fields.items()))
    return frozenset(names)


def _strict(read: Callable[..., dict[str, Any]], known: frozenset[str]) -> Callable[..., dict[str, Any]]:
    def read_known(request: HttpRequest, *args: Any) -> dict[str, Any]:
        unknown = [name for name in request.GET if name not in known]
        if unknown:
            raise _unknown(unknown, known)
        return read(request, *args)

    return read_known


def _unknown(names: list[str], known: frozenset[str]) -> Problem:
    detail = _("There is no such parameter. There are: %(known)s.") % {"known": ", ".join(sorted(known)) or "—"}
    errors = [{"parameter": name[:100], "detail": detail, "code": "unknown_parameter"} for name in names[:20]]
    return Problem(422, "unknown_parameter", _("The request has parameters that mean nothing here."), errors=errors)
