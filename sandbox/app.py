"""The stand-in carrier as one web application: Twilio's REST, the control interface, the softphone."""

from http import HTTPStatus

from flask import Flask

from sandbox import control, rest, softphone
from sandbox.carrier import Carrier
from sandbox.config import Config
from sandbox.messages import MessageCenter
from sandbox.office import Office
from sandbox.phones import Phones


def create_app(config: Config) -> Flask:
    """Everything wired together for one account."""
    app = Flask(__name__, static_folder=None)
    phones = Phones()
    office = Office(config, phones)
    carrier = Carrier(office)
    messages = MessageCenter(office)
    app.register_blueprint(rest.blueprint(office, carrier, messages))
    app.register_blueprint(control.blueprint(office, carrier, messages))
    app.register_blueprint(softphone.blueprint(office, carrier, messages, phones))
    app.register_error_handler(HTTPStatus.NOT_FOUND, rest.unknown(office))
    return app
