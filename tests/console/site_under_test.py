"""The application under test: a city with two streets, its people, and browsers that send the forms they are shown."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import factories
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from hotline.db import Sessions
from hotline.models import Unit, User
from hotline.rules.roles import Role


class Site:
    """The application and its database."""

    def __init__(self, app: Flask, sessions: Sessions, clock: factories.SetClock, recordings: Path) -> None:
        self.app = app
        self.sessions = sessions
        self.clock = clock
        self.recordings = recordings
        with self.sessions.begin() as session:
            self.city = factories.unit(session, "city", name="广州市")
            self.street = factories.unit(session, "street", parent=self.city, name="京溪街道")
            self.other = factories.unit(session, "other", parent=self.city, name="同和街道")
            self.line = factories.line(session, self.street)

    def person(self, *roles: Role, unit: Unit | None = None) -> User:
        """A new person of the street."""
        with self.sessions.begin() as session:
            return factories.user(session, session.merge(unit or self.street), *roles)

    def browser(self, *roles: Role, unit: Unit | None = None) -> "Browser":
        """A browser in which a new person of these roles is signed in."""
        return self.browser_of(self.person(*roles, unit=unit))

    def browser_of(self, user: User) -> "Browser":
        """A browser in which that person is signed in."""
        browser = Browser(self.app)
        with browser.client.session_transaction(base_url=factories.BASE_URL) as kept:
            kept["_user_id"] = f"{user.id}.{user.session_key}"
            kept["_fresh"] = True
            kept["signed_in_at"] = self.clock.now().isoformat()
        return browser

    def all(self, session: Session, kind: type[Any]) -> list[Any]:
        """All rows of a table, by id."""
        return list(session.query(kind).order_by(kind.id))


class Browser:
    """A test client that sends a page's forms with what lies in them."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.page: TestResponse | None = None

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open a page."""
        self.page = self.client.get(path, base_url=factories.BASE_URL, **more)
        return self.page

    def send(self, mark: str, /, *, button: str | None = None, **filled_in: Any) -> TestResponse:
        """Send the form of the open page that carries `mark`, as `data-move="triage"`, and follow where it leads."""
        form = next((form for form in forms_of(self.page) if mark in form.marks), None)
        assert form is not None, f"no form {mark} on the page"
        fields = {**form.fields, **({"do": button} if button else {}), **filled_in}
        self.page = self.client.post(
            form.action,
            data=fields,
            base_url=factories.BASE_URL,
            headers={"Referer": f"{factories.BASE_URL}/"},
            follow_redirects=True,
        )
        return self.page


class Form:
    """A form of a page."""

    def __init__(self, marks: str, action: str) -> None:
        self.marks = marks
        self.action = action
        self.fields: dict[str, Any] = {}


def turn(text: str, where: str) -> str:
    """The address of the page beside one: `next` or `prev`."""
    found = re.search(rf'rel="{where}" href="([^"]+)"', text)
    assert found, f"no page {where}"
    return unescape(found[1])


def forms_of(page: TestResponse | None) -> list[Form]:
    """The forms of a page, with what each field holds."""
    assert page is not None
    reader = _Reader()
    reader.feed(page.text)
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(
                Form(
                    " ".join(f'{name}="{value}"' for name, value in told.items()),
                    told.get("action", ""),
                )
            )
        elif not self.forms:
            return
        elif tag == "input" and (told.get("type") not in {"radio", "checkbox"} or "checked" in told):
            self._add(told["name"], told.get("value", ""))
        elif tag == "select":
            self._select = told["name"]
        elif tag == "option":
            self._offer(told["value"], is_chosen="selected" in told)
        elif tag == "textarea":
            self._textarea = told["name"]

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._add(self._textarea, data.strip("\r\n"))

    def handle_endtag(self, tag: str) -> None:
        self._textarea = "" if tag == "textarea" else self._textarea

    def _offer(self, value: str, *, is_chosen: bool) -> None:
        # A browser sends the first option where none is chosen.
        if is_chosen or self._select not in self.forms[-1].fields:
            self.forms[-1].fields[self._select] = value

    def _add(self, name: str, value: str) -> None:
        fields = self.forms[-1].fields
        before = fields.get(name)
        fields[name] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
