"""Whatever is not signed by the carrier, for this very address, changes nothing and learns nothing."""

import re
from collections.abc import Iterator

import factories
import pytest
from carrier_side import CarrierSide, application, voice_form
from twilio.request_validator import RequestValidator

from hotline.models import Call, Receipt

_PREFIXES = ("/voice/", "/messages/")


def _webhooks() -> Iterator[str]:
    """Every address that the carrier calls, out of the application's own map."""
    for rule in application().url_map.iter_rules():
        if rule.rule.startswith(_PREFIXES):
            yield re.sub(r"<int[^>]*>", "1", rule.rule.replace("<token>", "a" * 32))


WEBHOOKS = sorted(_webhooks())


def test_the_map_has_every_webhook_that_the_documents_name() -> None:
    named = {"inbound", "key", "recorded", "nothing-said", "person-done", "recording", "status", "fallback"}

    assert {f"/voice/{name}" for name in named} <= set(WEBHOOKS)
    assert len(WEBHOOKS) == len(named) + 11


def _assert_refused(carrier: CarrierSide, path: str, form: dict[str, str], **signing: str) -> None:
    response = carrier.post(path, form, **signing)
    assert response.status_code == 403
    assert factories.CALLER not in response.text
    assert carrier.count(Call) == carrier.count(Receipt) == 0


@pytest.mark.parametrize("path", WEBHOOKS)
def test_a_webhook_without_a_signature_is_refused(carrier: CarrierSide, path: str) -> None:
    _assert_refused(carrier, path, voice_form(factories.call_sid()), signature="")


@pytest.mark.parametrize("path", WEBHOOKS)
def test_a_webhook_signed_with_another_token_is_refused(carrier: CarrierSide, path: str) -> None:
    _assert_refused(carrier, path, voice_form(factories.call_sid()), signed_with="somebody else's")


@pytest.mark.parametrize("path", WEBHOOKS)
def test_a_signature_made_for_another_address_is_refused(carrier: CarrierSide, path: str) -> None:
    _assert_refused(carrier, path, voice_form(factories.call_sid()), signed_for="/voice/elsewhere")


@pytest.mark.parametrize("path", WEBHOOKS)
def test_a_form_changed_after_signing_is_refused(carrier: CarrierSide, path: str) -> None:
    form = voice_form(factories.call_sid())
    signature = RequestValidator(factories.AUTH_TOKEN).compute_signature(factories.BASE_URL + path, form)

    _assert_refused(carrier, path, {**form, "From": "+8613900000000"}, signature=signature)


@pytest.mark.parametrize("path", WEBHOOKS)
def test_a_webhook_cannot_be_asked_with_get(carrier: CarrierSide, path: str) -> None:
    assert carrier.app.test_client().get(path, base_url=factories.BASE_URL).status_code in {403, 405}


def test_the_address_of_the_request_itself_proves_nothing(carrier: CarrierSide) -> None:
    form = voice_form(factories.call_sid())
    signature = RequestValidator(factories.AUTH_TOKEN).compute_signature("https://evil.example/voice/inbound", form)
    headers = {"X-Twilio-Signature": signature}

    response = carrier.app.test_client().post(
        "/voice/inbound", data=form, headers=headers, base_url="https://evil.example"
    )

    assert response.status_code >= 400
    assert carrier.count(Call) == 0


def test_the_signature_of_the_carriers_documentation_is_ours_too() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }

    signature = RequestValidator("12345").compute_signature("https://mycompany.com/myapp.php?foo=1&bar=2", form)

    assert signature == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_address_with_its_port_may_be_signed_as_well(carrier: CarrierSide) -> None:
    form = voice_form(factories.call_sid())
    address = factories.BASE_URL.replace("example", "example:443") + "/voice/inbound"
    signature = RequestValidator(factories.AUTH_TOKEN).compute_signature(address, form)

    assert carrier.post("/voice/inbound", form, signature=signature).status_code == 200


def test_a_query_belongs_to_what_is_signed(carrier: CarrierSide) -> None:
    form = voice_form(factories.call_sid())

    assert carrier.post("/voice/inbound?a=1", form).status_code == 200
    assert carrier.post("/voice/inbound?a=2", form, signed_for="/voice/inbound?a=1").status_code == 403


def test_a_field_that_is_sent_twice_with_one_value_counts_once(carrier: CarrierSide) -> None:
    form = voice_form(factories.call_sid())
    signature = RequestValidator(factories.AUTH_TOKEN).compute_signature(f"{factories.BASE_URL}/voice/inbound", form)
    doubled = [*form.items(), ("From", factories.CALLER)]
    body = "&".join(f"{key}={value.replace('+', '%2B')}" for key, value in doubled)

    response = carrier.app.test_client().post(
        "/voice/inbound",
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
        base_url=factories.BASE_URL,
    )

    assert response.status_code == 200


def test_a_body_that_no_carrier_sends_is_too_large(carrier: CarrierSide) -> None:
    form = voice_form(factories.call_sid(), FromCity="x" * 70_000)

    assert carrier.post("/voice/inbound", form).status_code == 413
    assert carrier.count(Call) == 0
