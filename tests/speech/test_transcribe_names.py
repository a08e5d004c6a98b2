"""`flask transcribe` puts the names of an organisation right when it is given them."""

import json
from collections.abc import Callable
from pathlib import Path

from hotline.cli import create_app

UNITS = "code,parent,level,name,aliases\n1,,city,江城市,江城\n"
PLACES = "unit,name\n1,麒麟坊\n"


def transcribed(*arguments: object) -> dict:
    done = create_app().test_cli_runner().invoke(args=["transcribe", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_name_is_written_and_what_was_heard_is_told(say: Callable[..., Path], tmp_path: Path):
    units, places = tmp_path / "units.csv", tmp_path / "places.csv"
    units.write_text(UNITS, encoding="utf-8")
    places.write_text(PLACES, encoding="utf-8")
    file = say("我在麒麟坊八号")

    before, after = transcribed(file), transcribed(file, "--units", units, "--places", places)

    assert "麒麟坊" not in before["text"]
    assert all("heard" not in word for word in before["words"])
    (name,) = [word for word in after["words"] if "heard" in word]
    assert name["word"] == "麒麟坊"
    assert after["text"].replace("麒麟坊", name["heard"]) == before["text"]
