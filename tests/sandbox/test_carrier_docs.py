"""What can be set is told in the docs."""

import json
import re
import subprocess

from stand_in import ROOT

_NAMES = """
import json
from dataclasses import fields
from sandbox import config, faults, script
kinds = (config.Config, config.Number, faults.Faults, script.Person)
print(json.dumps([one.name for kind in kinds for one in fields(kind)] + sorted(script._STEP_KEYS)))
"""


def test_every_setting_step_and_fault_is_documented() -> None:
    python = ROOT / ".venv-sandbox/bin/python"
    done = subprocess.run([python, "-c", _NAMES], cwd=ROOT, capture_output=True, text=True, check=True)
    told = set(re.findall(r"`(\w+)`", (ROOT / "docs/stand-in-carrier.md").read_text(encoding="utf-8")))
    assert set(json.loads(done.stdout)) - told == set()


def test_every_line_of_a_log_is_documented() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "sandbox").glob("*.py"))
    noted = set(re.findall(r'note\(\s*"(\w+)"', source))
    docs = (ROOT / "docs/stand-in-carrier.md").read_text(encoding="utf-8")
    assert noted
    assert {name for name in noted if f"`{name}`" not in docs} == set()
