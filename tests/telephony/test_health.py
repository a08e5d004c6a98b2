"""Whoever watches the web process learns plainly whether it can do its work."""

from carrier_side import CarrierSide


def test_with_a_database_all_is_well(carrier: CarrierSide) -> None:
    answer = carrier.app.test_client().get("/healthz", base_url=carrier.settings.base_url)

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_without_one_it_is_said_and_nothing_else(cut_off: CarrierSide) -> None:
    answer = cut_off.app.test_client().get("/healthz", base_url=cut_off.settings.base_url)

    assert (answer.status_code, answer.json) == (503, {"status": "the database is away"})
