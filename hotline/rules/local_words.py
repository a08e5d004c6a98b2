"""Which of the words that a reviewer typed may be a local word: a name of a place, or of a medicine."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

# A name of one to five characters and the word that tells what it names.
_PLACE = re.compile(
    r"[\u4e00-\u9fff]{1,5}?(?:大道|大街|小区|花园|公寓|大厦|广场|市场|社区|村|路|街|巷|里弄|胡同|苑|庄|坊|新村|家园|宿舍)"
)
_DRUG = re.compile(
    r"[\u4e00-\u9fff]{1,5}(?:地平|沙坦|普利|洛尔|他汀|列汀|列净|格列[\u4e00-\u9fff]|双胍|西林|沙星|霉素|头孢[\u4e00-\u9fff]{1,3}"
    r"|拉唑|替丁|西泮|唑仑|洛芬|司他|布坦|单抗|替尼|胰岛素|片|胶囊|颗粒|口服液|喷雾剂|气雾剂|滴眼液|贴膏)"
)
_SHORTEST = 3
# To compare longer texts takes too long for somebody who waits.
_LONGEST = 4000
# Words that stand before a name and are none of it.
_BEFORE = re.compile(
    r"^.*(?:我们|我|你|他|她|在|住|到|去|从|是|的|那|这|个|那个|这个|吃|有|叫|于|和|跟|还|了|要|买|开|送|就|边|面)"
)


def words_typed(heard: str, typed: str) -> Iterator[tuple[str, bool]]:
    """Names in `typed` that are not in `heard`, each with whether it looks like a medicine.

    Where the machine had heard the name, nobody needs to be asked.
    """
    if max(len(heard), len(typed)) > _LONGEST:
        return
    changed = _changed(heard, typed)
    for pattern, is_drug in ((_DRUG, True), (_PLACE, False)):
        for match in pattern.finditer(typed):
            word = _BEFORE.sub("", match[0])
            start = match.end() - len(word)
            is_new = not changed.isdisjoint(range(start, match.end()))
            if len(word) >= _SHORTEST and word not in heard and is_new:
                yield word, is_drug


def _changed(heard: str, typed: str) -> set[int]:
    """The places in `typed` of what was not heard so."""
    # What occurs all the time is no help in telling what was kept, and would cost minutes.
    matcher = SequenceMatcher(None, heard, typed, autojunk=True)
    return {
        at
        for kind, _, _, start, end in matcher.get_opcodes()
        if kind in {"replace", "insert"}
        for at in range(start, end)
    }
