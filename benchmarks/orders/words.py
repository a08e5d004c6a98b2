"""What the callers of invented orders said, by category: a sentence, its parts with times, and what was done."""

from collections.abc import Iterator, Mapping
from typing import Any

from hotline.rules.facts import Category

# Of a hundred orders of each category, roughly as livelihood hotlines have them.
SHARES: Mapping[Category, int] = {
    Category.SUPPLIES: 18, Category.MEDICAL: 12, Category.HOUSING: 6, Category.INCOME: 14,
    Category.ELDERLY: 11, Category.CHILDREN: 4, Category.DISABILITY: 4, Category.HOMELESS: 2,
    Category.UTILITIES: 9, Category.POLICY: 11, Category.COMPLAINT: 5, Category.OTHER: 4,
}  # fmt: skip

# The middle part is what the category rests on.
_SAID: Mapping[Category, tuple[str, str, str]] = {
    Category.SUPPLIES: ("你好我们一家三口", "家里没有米和菜了", "麻烦今天送一点过来"),
    Category.MEDICAL: ("我父亲今年八十二岁", "降压药已经吃完两天", "自己下不了楼去医院"),
    Category.HOUSING: ("我们租的房子", "屋顶漏水不能住人了", "想问有没有临时住的地方"),
    Category.INCOME: ("我上个月失业", "想申请低保没有钱吃饭", "请告诉我要找谁"),
    Category.ELDERLY: ("楼下有一位独居老人", "需要人上门照料", "他的儿女都在外地"),
    Category.CHILDREN: ("隔壁的小孩", "一个人在家没有人管", "父母几天没有回来"),
    Category.DISABILITY: ("我是肢体残疾", "轮椅坏了没有办法出门", "想请残联帮忙修理"),
    Category.HOMELESS: ("天桥底下有一个人", "晚上睡在外面没有被子", "能不能送到救助站"),
    Category.UTILITIES: ("我们这栋楼", "从昨天晚上开始停水", "物业说不知道什么时候来"),
    Category.POLICY: ("请问一下", "高龄补贴要带什么材料", "在街道办还是在社区办"),
    Category.COMPLAINT: ("我上个星期打过电话", "一直没有人联系我", "你们到底有没有处理"),
    Category.OTHER: ("我想反映一件事情", "小区的路灯坏了很久", "老人晚上不敢出门"),
}
DONE = "已上门核实情况，送去所需物资，并告知下一步如何办理。"
_SECONDS_A_SIGN = 0.21
_SIGNS = 4  # in one word


def rows() -> Iterator[tuple[str, str, str, list[dict[str, Any]], list[dict[str, Any]]]]:
    """For each category: its name, the transcript, the summary, the transcript's words, and the evidence."""
    for category, parts in _SAID.items():
        text = "".join(parts)
        starts = [sum(map(len, parts[:place])) for place in range(len(parts))]
        words = [
            {
                "word": text[at : at + _SIGNS],
                "start": round(at * _SECONDS_A_SIGN, 2),
                "end": round((at + _SIGNS) * _SECONDS_A_SIGN, 2),
                "conf": 0.93,
                "channel": 0,
            }
            for at in range(0, len(text), _SIGNS)
        ]
        start, end = starts[1], starts[2]
        evidence = {
            "text": parts[1],
            "start": start,
            "end": end,
            "start_s": round(start * _SECONDS_A_SIGN, 2),
            "end_s": round(end * _SECONDS_A_SIGN, 2),
        }
        yield category.value, text, parts[1], words, [evidence]
