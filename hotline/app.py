"""The web process: one Flask application out of settings, with telephone edge, public pages and console on it."""

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from hotline import web
from hotline.api import install_api
from hotline.clock import clock_for
from hotline.console import install_console
from hotline.db import make_engine, make_sessions
from hotline.logs import configure_logs, get_log
from hotline.public import install_public
from hotline.settings import Settings
from hotline.telephony.channels import channels
from hotline.telephony.webhooks import notices, voice

log = get_log(__name__)


def create_app(settings: Settings) -> Flask:
    """The application; it connects to nothing before the first request."""
    app = Flask(__name__)
    engine = make_engine(settings.sqlalchemy_url)
    web.install(app, web.Runtime(settings, engine, make_sessions(engine), clock_for(settings.clock_file)))
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.register_blueprint(voice)
    app.register_blueprint(notices)
    app.register_blueprint(channels)
    app.add_url_rule("/healthz", view_func=_healthz)
    install_api(app, settings)
    install_public(app, settings)
    install_console(app, settings)
    return app


def from_env() -> Flask:
    """The application of a server process, with logs as that process writes them."""
    settings = Settings.from_env()
    configure_logs(settings.log_level)
    return create_app(settings)


def _healthz() -> ResponseReturnValue:
    """Fine when the database answers."""
    try:
        with web.runtime().engine.connect() as connection:
            connection.execute(text("select 1"))
    except SQLAlchemyError as error:
        log.warning("the database is away", error=type(error).__name__)
        return jsonify(status="the database is away"), 503
    return jsonify(status="ok")
