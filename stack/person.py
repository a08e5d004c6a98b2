"""A person at the console, played over HTTP: signs in, reads pages, fills in the forms that are there."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import requests

from stack.errors import StackError

_TIMEOUT_S = 30.0


@dataclass
class Form:
    """A form of a page: where it goes, what names it, and the fields as they stand."""

    action: str
    attributes: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """A page that was shown; `state` is that of the order it is about, if it is about one."""

    url: str
    html: str
    forms: list[Form]
    data: dict[str, str]

    def form(self, **named: str) -> Form:
        """The form with these `data-` attributes.

        Raises:
            StackError: when the page has none.
        """
        wanted = {f"data-{name.replace('_', '-')}": value for name, value in named.items()}
        for form in self.forms:
            if wanted.items() <= form.attributes.items():
                return form
        raise StackError(f"{self.url} has no form {wanted}")


class Person:
    """Somebody at the console."""

    def __init__(self, web_url: str) -> None:
        self._web_url = web_url
        self._browser = requests.Session()

    def sign_in(self, login: str, password: str) -> Self:
        """Sign in through the page for it.

        Raises:
            StackError: when that did not work.
        """
        page = self.look("/login")
        shown = self.submit(
            page,
            page.forms[0] if len(page.forms) == 1 else page.form(form="login"),
            {"login": login, "password": password},
        )
        if shown.url.rstrip("/").endswith("/login"):
            raise StackError(f"{login} could not sign in")
        return self

    def look(self, path: str) -> Page:
        """Open a page."""
        return self._read(self._browser.get(urljoin(self._web_url, path), timeout=_TIMEOUT_S))

    def submit(self, page: Page, form: Form, filled: dict[str, str] | None = None) -> Page:
        """Send a form with what it holds already and what is filled in; the page that follows."""
        address = urljoin(page.url, form.action or page.url)
        content = {**form.fields, **(filled or {})}
        return self._read(self._browser.post(address, data=content, headers={"Referer": page.url}, timeout=_TIMEOUT_S))

    def _read(self, answer: requests.Response) -> Page:
        if not answer.ok:
            raise StackError(f"{answer.request.method} {answer.url} answered {answer.status_code}")
        reader = _Reader()
        reader.feed(answer.text)
        return Page(answer.url, answer.text, reader.forms, reader.data)


class _Reader(HTMLParser):
    """Collects the forms of a page, and the `data-` attributes of its main part."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.data: dict[str, str] = {}
        self._form: Form | None = None
        self._select: str | None = None
        self._option: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        match tag:
            case "main":
                self.data = {name: value for name, value in attributes.items() if name.startswith("data-")}
            case "form":
                self._form = Form(attributes.get("action", ""), attributes)
                self.forms.append(self._form)
            case "input" | "button" | "select" | "option" | "textarea":
                self._field(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._form = None
            case "select":
                self._choose_first()
                self._select = None
            case "option":
                self._option = None
            case "textarea":
                self._textarea = None

    def _choose_first(self) -> None:
        """What a browser sends when nobody chose."""
        if self._form is not None and self._select in self._form.choices:
            self._form.fields.setdefault(self._select, next(iter(self._form.choices[self._select])))

    def handle_data(self, data: str) -> None:
        if self._form is None:
            return
        if self._select is not None and self._option is not None and data.strip():
            self._form.choices.setdefault(self._select, {})[self._option] = data.strip()
        if self._textarea is not None:
            self._form.fields[self._textarea] = data.strip()

    def _field(self, tag: str, attributes: dict[str, str]) -> None:
        form, name = self._form, attributes.get("name", "")
        if form is None:
            return
        match tag:
            case "input" if name and _counts(attributes):
                form.fields[name] = attributes.get("value", "")
            case "select":
                self._select = name
            case "textarea":
                self._textarea = name
            case "option" if self._select:
                self._option = attributes.get("value", "")
                if "selected" in attributes:
                    form.fields[self._select] = self._option


def _counts(attributes: dict[str, str]) -> bool:
    """Whether a browser would send the input as it stands."""
    if attributes.get("type") in {"checkbox", "radio"}:
        return "checked" in attributes
    return attributes.get("type") not in {"submit", "button", "file"}
