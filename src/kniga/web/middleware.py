"""What happens around every request: language, preferences, content security, measuring."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from kniga.platform.organisation import current_organisation
from kniga.runtime.metrics import count_request
from kniga.web.errors import bad_request, domain_error, not_a_page, not_found

Handler = Callable[[HttpRequest], HttpResponse]

LARGEST_ID = 2**63 - 1
LANGUAGE_COOKIE = "kniga_language"

# No inline script or style element anywhere. Attributes stay allowed: widths of bars are data, and the chart
# and diagram libraries write them.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class LanguageMiddleware:
    """Speak the language chosen by cookie, else the browser's, else the installation's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        translation.activate(language_of(request))
        request.LANGUAGE_CODE = translation.get_language()
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        return response


class PreferencesMiddleware:
    """Once the person is known, their own language wins over cookie and browser; if none of them asks for one,
    the organisation's does. Moments are shown in the organisation's time zone. Health checks and strangers are
    answered without a look into the database."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if request.user.is_authenticated:
            timezone.activate(current_organisation().time_zone)
        if not language and request.user.is_authenticated and not asked_language(request):
            language = current_organisation().language
        if language in dict(settings.LANGUAGES) and language != translation.get_language():
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return self.get_response(request)


class ContentSecurityMiddleware:
    """Send the content security policy with every response that does not bring its own."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response


class MetricsMiddleware:
    """Count requests and their seconds by route, for /metrics."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = perf_counter()
        response = self.get_response(request)
        view = request.resolver_match.view_name if request.resolver_match else ""
        count_request(
            view=view or "other",
            method=request.method or "",
            status=response.status_code,
            seconds=perf_counter() - begun,
        )
        return response


class ReadableTextMiddleware:
    """Refuse what no table can hold: a NUL in an address or a form (400), a number in an address that no id can be
    (404). The API reads its own requests."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Handler, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> HttpResponse | None:
        if getattr(view, "csrf_exempt", False):
            return None
        if any(isinstance(value, int) and value > LARGEST_ID for value in kwargs.values()):
            return not_found(request)
        sent = [*request.GET.lists(), *request.POST.lists(), ("", [str(value) for value in kwargs.values()])]
        unreadable = any("\x00" in value for _name, values in sent for value in values)
        return bad_request(request) if unreadable else None


class DomainErrorsMiddleware:
    """Show what the domain refuses as a page or a toast; a foreign object is a 404. An address that only takes forms
    says so when it is opened as a page. The API answers for itself."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or request.method != "GET" or request.resolver_match is None:
            return response
        if getattr(request.resolver_match.func, "csrf_exempt", False):
            return response
        return not_a_page(request, response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return domain_error(request, exception)


def language_of(request: HttpRequest) -> str:
    """The language of a request before its person is known."""
    return asked_language(request) or settings.LANGUAGE_CODE


def asked_language(request: HttpRequest) -> str:
    """The language that the cookie, else the browser asks for; empty when neither does."""
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    offered = dict(settings.LANGUAGES)
    if chosen in offered:
        return chosen
    for wanted in request.headers.get("Accept-Language", "").split(","):
        code = wanted.split(";")[0].strip().split("-")[0].lower()
        if code in offered:
            return code
    return ""
