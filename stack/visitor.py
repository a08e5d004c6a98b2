"""A person at the console, by way of its pages: signs in, reads the order's page, sends its forms."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin

from stack.errors import StackError

_TIMEOUT_S = 30
_Attributes = dict[str, str]


@dataclass
class PageForm:
    """A form as it lies there: where it goes, and what each field holds before anyone touches it."""

    action: str
    move: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """What a page says of itself."""

    address: str
    state: str
    forms: tuple[PageForm, ...]

    def form(self, move: str) -> PageForm:
        """The form of a move; raises `StackError` if the page doesn't offer it."""
        for form in self.forms:
            if form.move == move:
                return form
        raise StackError(f"{self.address} offers no {move!r}, only {sorted(form.move for form in self.forms)}")


class Visitor:
    """One signed-in person."""

    def __init__(self, base_url: str, login: str, password: str) -> None:
        self._base_url = base_url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        page = self._open("/login")
        form = next(form for form in page.forms if "password" in form.fields)
        self._send(page, form, {"login": login, "password": password})

    def order(self, number: str) -> Page:
        """The page of an order."""
        return self._open(f"/orders/{number}")

    def make(self, number: str, move: str, filled_in: Mapping[str, str]) -> None:
        """Make a move: its form is filled in and sent. A choice that is left open is the page's own or its first."""
        page = self.order(number)
        self._send(page, page.form(move), filled_in)

    def _send(self, page: Page, form: PageForm, filled_in: Mapping[str, str]) -> None:
        first = {name: next(filter(None, options), "") for name, options in form.choices.items()}
        left_open = {name: first[name] for name in first if not form.fields.get(name)}
        self._open(urljoin(page.address, form.action), urlencode({**form.fields, **left_open, **filled_in}).encode())

    def _open(self, address: str, body: bytes | None = None) -> Page:
        url = urljoin(self._base_url, address)
        # A browser says where it comes from, and a form that comes from nowhere is refused.
        request = urllib.request.Request(url, body, {"Referer": url, "Accept-Language": "zh-CN"})  # noqa: S310
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as response:
                return _read(response.geturl(), response.read().decode())
        except urllib.error.HTTPError as refusal:
            raise StackError(f"{address} answered {refusal.code}") from refusal


def _read(address: str, text: str) -> Page:
    reader = _Reader()
    reader.feed(text)
    return Page(address, reader.state, tuple(reader.forms))


class _Reader(HTMLParser):
    """Takes forms and the order's state out of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.state = ""
        self.forms: list[PageForm] = []
        self._is_inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.state = self.state or told.get("data-state", "")
        if tag == "form":
            self.forms.append(PageForm(told.get("action", ""), told.get("data-move", "")))
            self._is_inside = True
        elif self._is_inside and tag == "option":
            self._take_option(told)
        elif self._is_inside and told.get("name"):
            self._take_field(tag, told)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False

    def _take_field(self, tag: str, told: _Attributes) -> None:
        form, name = self.forms[-1], told["name"]
        if tag == "select":
            self._select = name
            form.choices[name] = []
        elif told.get("type") in {"radio", "checkbox"}:
            if "checked" in told:
                form.fields[name] = told.get("value", "on")
        elif tag in {"input", "textarea"}:
            form.fields[name] = told.get("value", "")

    def _take_option(self, told: _Attributes) -> None:
        form = self.forms[-1]
        form.choices[self._select].append(told.get("value", ""))
        if "selected" in told:
            form.fields[self._select] = told.get("value", "")
