"""One's own account: another password, which nobody else knows."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import login_user
from wtforms import PasswordField
from wtforms.validators import EqualTo, Length

from hotline.console.fields import filled_in
from hotline.console.forms import Form
from hotline.console.person import person, person_of
from hotline.services import accounts
from hotline.services.accounts import SHORTEST_PASSWORD
from hotline.web import runtime

area = Blueprint("account", __name__, url_prefix="/password")

_NEW = {"autocomplete": "new-password"}


class PasswordForm(Form):
    """The present password, and the new one twice."""

    present = PasswordField(_("Present password"), [filled_in], render_kw={"autocomplete": "current-password"})
    new = PasswordField(
        _("New password"),
        [filled_in, Length(min=SHORTEST_PASSWORD, message=_("A password has at least %(min)d characters."))],
        render_kw=_NEW,
    )
    again = PasswordField(
        _("New password once more"), [EqualTo("new", message=_("The two are not the same."))], render_kw=_NEW
    )


@area.get("")
def page() -> str:
    """The form."""
    return _page(PasswordForm(formdata=None))


@area.post("")
def change() -> ResponseReturnValue:
    """Take another password; this browser stays signed in, all others do not."""
    held, form = runtime(), PasswordForm()
    if not form.validate():
        return _page(form), 422
    with held.transaction() as session:
        user = accounts.change_own_password(session, person().actor, form.present.data, form.new.data, held.now())
        changed = person_of(user) if user is not None else None
    if changed is None:
        form.present.errors = [gettext("This is not your present password.")]
        return _page(form), 401
    login_user(changed)
    flash(gettext("The new password counts from now on; wherever else you were signed in, you are not any more."))
    return redirect(url_for("start.page"))


def _page(form: PasswordForm) -> str:
    return render_template("password.html", form=form)
