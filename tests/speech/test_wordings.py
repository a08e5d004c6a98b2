"""Needs, groups, people and dangers are known in the many ways in which people tell of them."""

import pytest

from speech.understand.groups import find_groups
from speech.understand.needs import find_gone, find_needs
from speech.understand.people import find_people
from speech.understand.sound import correct
from speech.understand.urgency import find_emergencies


def needs(text: str) -> set[str]:
    return {span.says for span in find_needs(correct(text))}


def groups(text: str) -> set[str]:
    return {span.says for span in find_groups(correct(text))}


def dangers(text: str) -> set[str]:
    return {span.says for span in find_emergencies(correct(text))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # gone, in the caller's own way of saying so
        ("冰箱里啥都没有了就剩半颗白菜", {"food"}),
        ("屋里莫得米了", {"food"}),
        ("从前天到现在就啃了一个冷馒头", {"food"}),
        ("我们几个三顿没开火了", {"food"}),
        ("降压药昨儿晚上吃空了", {"medicine"}),
        ("硝苯地平只剩最后一片", {"medicine"}),
        ("罐子里没气了饭都煮不成", {"gas"}),
        ("宝宝的奶粉罐子刮干净了只好喂米汤", {"milk_powder"}),
        # asked for
        ("能不能匀两床厚被子给我", {"quilt"}),
        ("想给老娘讨双棉鞋", {"clothing"}),
        ("这个月的低保到现在没到账", {"cash"}),
        ("交不起手术费能不能先借一点钱", {"cash"}),
        ("今晚不知道睡哪里", {"shelter"}),
        ("想给我爸找个靠得住的护工", {"care"}),
        ("明天要去做透析找不到车", {"transport"}),
        ("楼里跳闸了半边都黑着", {"power"}),
        ("家里的宽带断了两天", {"network"}),
        ("能不能请个护士上门给我换药", {"doctor"}),
        ("想有个人隔三差五来陪我下下棋", {"companionship"}),
    ],
)
def test_needs_are_known_in_the_words_of_callers(text, expected):
    assert needs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # there, refused, or brought already
        ("米面都有就是没得盐了", {"food"}),
        ("吃的喝的倒不缺药没了", {"medicine"}),
        ("你们昨天送的菜收到了谢谢", set()),
        ("不是来要钱的就想找人说说话", {"companionship"}),
        # a word within another, or a thing that isn't this one
        ("洗发水用完了", set()),
        ("住在菜市场对面", set()),
        ("轮椅没电了", set()),
        ("煤气表坏了换个表归谁管", set()),
        # past
        ("上个月停过水现在好了", set()),
    ],
)
def test_what_is_there_past_or_another_thing_is_no_need(text, expected):
    assert needs(text) == expected


def test_plight_counts_only_where_nothing_clearer_is_asked_for():
    assert needs("我手里一分钱没有了") == {"cash"}
    assert needs("我手里一分钱没有了给两包方便面吧") == {"food"}


def test_what_lasts_some_days_counts_only_where_nothing_is_gone():
    assert needs("药还能吃四天") == {"medicine"}
    assert needs("药还能吃四天米没了") == {"food"}


def test_danger_to_life_calls_for_a_doctor_and_for_nothing_that_led_to_it():
    assert needs("我爸哮喘犯了喷雾用完了喘不上气") == {"doctor"}
    assert needs("小孩被锁在车里了") == {"care"}


def test_find_gone_leaves_out_what_is_merely_asked_for():
    assert [span.says for span in find_gone("药吃完了想要一床被子")] == ["medicine"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我丈人八十三了", {"elderly"}),
        ("家里有个七十六的老娘", {"elderly"}),
        ("我七十二了单过", {"elderly_alone"}),
        ("楼上陈伯下不了楼", {"elderly"}),
        ("门牌是解放路七十六号", set()),
        ("等了六十二天", set()),
        ("我十三了读初二", {"child"}),
        ("爸妈在广东打工孩子跟着外婆过", {"left_behind_child"}),
        ("侄子爸妈都没了才八岁", {"orphan"}),
        ("我女儿四个月大", {"infant"}),
        ("我怀老二了", {"pregnant"}),
        ("一个礼拜三次血透", {"serious_illness"}),
        ("我爸癌症走了", set()),
        ("我左腿截掉了", {"disabled"}),
        ("我两只眼睛全盲", {"visually_impaired"}),
        ("我是吃五保的", {"destitute"}),
        ("想叫社区给我办个特困", set()),
        ("我家的低保被停了", {"low_income"}),
        ("能不能给我办低保", set()),
        ("有个男的睡在取款机旁边", {"homeless"}),
        ("厂子倒了我被裁了", {"unemployed"}),
        # who only helps with the call
        ("我八十了叫我孙子打的电话", {"elderly"}),
    ],
)
def test_groups_are_known_in_the_words_of_callers(text, expected):
    assert groups(text) == expected


def test_grandparents_who_bring_up_a_child_are_named_only_where_they_are_old_themselves():
    assert groups("爸妈在广东打工孩子跟着外婆过") == {"left_behind_child"}
    assert groups("我六十八了孙子的爸妈在外打工") == {"elderly", "left_behind_child"}


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("我牵着六岁的女儿没处去", 2),
        ("我和老婆还有一个三岁的孩子", 3),
        ("夫妻俩抱着个奶娃", 3),
        ("俩大人三个孩子", 5),
        ("我们宿舍六个人", 6),
        ("我们姐妹三个", 3),
        ("我们爷孙俩", 2),
        ("就我自个儿过", 1),
        ("欠了他两个月房租", None),
        ("村里五六十个老人", None),
        ("请派两个师傅来", None),
    ],
)
def test_people_are_counted_in_the_words_of_callers(text, people):
    found = find_people(text)
    assert (found[0] if found else None) == people


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("我坐在江边手里攥着农药", "suicide"),
        ("遗书写好了放在桌上", "suicide"),
        ("她把一整板安眠药吞了", "poison"),
        ("孩子喝了洁厕灵", "poison"),
        ("我妈软得像面条拍她只哼一声", "unconscious"),
        ("他嘴唇发乌叫不应了", "unconscious"),
        ("娃把纽扣咽下去了脸憋得通红", "breath"),
        ("停电了我爸靠呼吸机", "breath"),
        ("吃着饭手里的碗突然掉了嘴歪到一边", "heart_and_brain"),
        ("他抽了快二十分钟停不下来", "heart_and_brain"),
        ("从架子上摔下来后脑勺流血", "bleeding"),
        ("羊水破了", "bleeding"),
        ("厨房在烧一屋子都是烟", "fire"),
        ("燃气管子叫挖机挖断了往外喷", "gas"),
        ("睡桥洞那个人浑身筛糠", "freezing"),
        ("孩子骑在窗台外面", "child_in_danger"),
        ("车窗关着里面有个娃打不开", "child_in_danger"),
        ("老公拿刀要砍人", "violence"),
        ("有人掉进河里了", "trapped"),
        ("快派救护车", "plea"),
        ("隔壁里头有哎哟的声音", "behind_a_door"),
        ("敲了半天门没人应听见里面电视响", "behind_a_door"),
        ("我爷爷痴呆出门到现在没回来", "old_person_missing"),
    ],
)
def test_dangers_are_known_in_the_words_of_callers(text, rule):
    assert rule in dangers(text)


@pytest.mark.parametrize(
    "text",
    [
        # over, or long ago
        "我爸中风后瘫了三年",
        "上个月家里着火烧光了",
        "我妈走丢了刚才找到了",
        "去年车祸断了腿",
        "差点打一二零后来好了",
        # hyperbole, and words within words
        "热死我了",
        "忙得喘不过气",
        "爬八楼累得快断气了",
        "电费贵得要死",
        "整条楼梯都没灯",
        "住了两个晚上",
        "火化费两千六",
        # things, not people
        "申请交上去就没动静了",
        "手机没反应",
        "煤气罐没气了",
        "怕漏气想换根管子",
    ],
)
def test_harmless_sentences_raise_no_alarm(text):
    assert dangers(text) == set()


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("胰岛树", "胰岛素"),
        ("退骚药", "退烧药"),
        ("公组房", "公租房"),
        ("养老愿", "养老院"),
        ("找个护攻", "找个护工"),
        ("高龄金贴", "高龄津贴"),
    ],
)
def test_words_that_matter_are_known_by_ear(heard, meant):
    assert correct(heard) == meant


@pytest.mark.parametrize("text", ["两个晚上", "整条楼梯", "一副拐杖", "还剩一包", "打一声招呼", "后天就截止", "我姨夫"])
def test_words_that_only_sound_alike_are_left_alone(text):
    assert correct(text) == text


@pytest.mark.timeout(20)
@pytest.mark.parametrize("part", ["没", "米", "一个人", "家里没米了住柳溪路", "孩子爸妈", "我跟两个"])
def test_long_texts_take_time_in_proportion(part):
    text = part * (20_000 // len(part))
    for find in (find_needs, find_groups, find_people, find_emergencies):
        find(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今晚吃什么还不晓得", {"food"}),
        ("井都见底了打上来全是泥浆", {"water"}),
        ("火苗跟蜡烛一样大饭都煮不熟", {"gas"}),
        ("能不能借两床给我们", {"quilt"}),
        ("有没有临时的补助可以领", {"cash"}),
        ("被婆家赶出来了", {"shelter"}),
        ("有没有哪里肯收我们", {"shelter"}),
        ("能不能陪我坐一会", {"companionship"}),
        ("光猫红灯掉线好几天了", {"network"}),
        # what looks like it
        ("去跟物业他们说说", set()),
        ("今晚有地方睡的", set()),
        ("我妈怕冷没电暖气", set()),
        ("孩子的饭卡充不进去", set()),
        ("水滴筹也发了", {"cash"}),
    ],
)
def test_needs_are_told_apart_by_family(text, expected):
    assert needs(text) == expected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("妈妈躺在地上怎么叫都不醒", "unconscious"),
        ("出的气多进的气少", "unconscious"),
        ("我不想再醒过来了", "suicide"),
        ("哥哥要去地下陪我妈", "suicide"),
        ("他喝了百草枯", "poison"),
        ("摔下来脑袋磕到石头一直说想吐", "bleeding"),
        ("插座烧塑料的味好大墙也发烫", "fire"),
        ("我弟弟四岁在商场走散了", "child_in_danger"),
        ("爸爸喝醉了拿刀在踢门", "violence"),
        ("阳台外面挂着个人快抓不住了", "child_in_danger"),
        ("再不来人就没命了", "plea"),
        ("早上起来床是空的我妈痴呆不见了", "old_person_missing"),
    ],
)
def test_dangers_are_known_from_children_witnesses_and_calm_tellers(text, rule):
    assert rule in dangers(text)


@pytest.mark.parametrize(
    "text",
    [
        "排队排到现在没声音了",
        "大水龙头拧不紧",
        "报警器叫是它过期了",
        "眼皮都不抬",
        "药断了断了三天",
        "人倒了三个都是发烧",
    ],
)
def test_what_only_sounds_like_danger_raises_no_alarm(text):
    assert dangers(text) == set()
