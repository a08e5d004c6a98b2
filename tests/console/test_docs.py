"""What docs/console.md says is there, and what is there is in it."""

import re
from pathlib import Path

from site_under_test import Site

from hotline.console.areas import WHO_OPENS

DOCS = (Path(__file__).parent.parent.parent / "docs" / "console.md").read_text()


def test_every_page_is_described(site: Site) -> None:
    rules = [
        re.sub(r"<(?:row:)?\w*?(id|number)>", r"<\1>", rule.rule)
        for rule in site.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint.partition(".")[0] in {*WHO_OPENS, "signing"}
    ]

    assert len(rules) >= 10
    assert [rule for rule in rules if f"`{rule}`" not in DOCS] == []


def test_hooks_that_are_described_stand_in_the_pages() -> None:
    templates = Path(__file__).parent.parent.parent / "hotline" / "console" / "templates"
    pages = "".join(path.read_text() for path in templates.glob("*.html"))

    hooks = set(re.findall(r"data-[a-z-]+", DOCS))

    assert len(hooks) >= 10
    assert [hook for hook in hooks if hook not in pages] == []
