"""All that is said and written to callers, in one place, a column for each language."""

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT = "zh-CN"


@dataclass(frozen=True)
class Voice:
    """The voice that speaks a language at the carrier; a voice of another language fails there."""

    language: str
    name: str


VOICES: Mapping[str, Voice] = {
    "zh-CN": Voice("cmn-CN", "Polly.Zhiyu-Neural"),
    "yue": Voice("yue-CN", "Polly.Hiujin-Neural"),
    "en": Voice("en-US", "Polly.Joanna-Neural"),
}

_ZH: Mapping[str, str] = {
    "greeting": (
        "您好，这里是{line}。为了把您的事情办好，本次通话会录音。"
        "请在“嘀”声后说出您的困难、所在的地方和联系电话，说完请按井号键或者直接挂机。需要人工服务，请按零。"
    ),
    "connecting": "正在为您转接值班人员，通话会录音，请稍候。",
    "nobody_there": "抱歉，值班人员暂时无法接听。请您留言，我们会尽快给您回电。",
    "ask_again": "没有听到您的声音。请在“嘀”声后再说一次。",
    "or_person": "需要人工服务，请按零。",
    "heard_nothing": "还是没有听到您的声音。我们会安排工作人员给您回电。如遇危险，请马上拨打幺幺零、幺幺九或幺二零。再见。",
    "thanks": "您反映的事情已经记下来了。您的工单编号是：{digits}。再说一遍：{digits}。我们会尽快处理，办好后会给您回电。再见。",
    "goodbye": "感谢您的来电，再见。",
    "not_in_service": "您拨打的号码不是救助热线，请核对后再拨。",
    "apology": "抱歉，系统暂时出了故障。我们会尽快安排工作人员给您回电。如遇危险，请马上拨打幺幺零、幺幺九或幺二零。",
    "ask_resolved": (
        "您好，这里是{line}，想就您反映的事情做个回访。请问事情解决了吗？"
        "解决了，请按一。解决了一部分，请按二。没有解决，请按三。需要工作人员联系您，请按零。以后不想再接到回访，请按九。"
    ),
    "ask_resolved_again": "不好意思，没有收到您的选择。事情解决了，请按一。解决了一部分，请按二。没有解决，请按三。",
    "speak_freely": "您也可以直接说。请在“嘀”声后告诉我们：事情解决了没有，您满意不满意。",
    "ask_satisfied": "请问您对这次服务满意吗？满意，请按一。一般，请按二。不满意，请按三。",
    "ask_satisfied_again": "不好意思，没有收到您的选择。满意，请按一。一般，请按二。不满意，请按三。",
    "ask_reason": "很抱歉，您的事情还没有办好，我们会重新办理。请在“嘀”声后告诉我们原因，说完请挂机。",
    "thank": "感谢您的回答，祝您生活愉快，再见。",
    "will_redo": "谢谢您告诉我们，我们会尽快重新办理。再见。",
    "person_will_ring": "好的，我们会安排工作人员与您联系。再见。",
    "never_again": "好的，今后不再给您打回访电话。再见。",
    "callback_over": "打扰您了，再见。",
    "sms_order_number": "【{line}】您反映的事项已受理，工单编号{number}。办理完成后我们会致电回访。如遇危险请拨打110、119或120。",
    "alarm": "您好，这里是{line}的紧急提醒。有一张特急工单，可能危及生命，正等人处理。工单编号是：{digits}。再说一遍：{digits}。由您处理，请按一。",
    "alarm_again": "没有收到您的确认。特急工单：{digits}，正等人处理。由您处理，请按一。",
    "alarm_last": "还是没有收到您的确认。由您处理，请按一。不按键，我们会马上通知下一位值班人员。",
    "alarm_thanks": "好的，已记下由您处理。请马上登录系统查看这张工单，需要时请立即联系幺幺零、幺幺九或幺二零。再见。",
    "alarm_not_confirmed": "没有记为由您处理，我们会通知下一位值班人员。再见。",
    "alarm_over": "这张特急工单已经有人处理，或者已经不用处理了。谢谢您，再见。",
    "alarm_fault": "抱歉，系统暂时出了故障，没能记下您的确认。有特急工单正等人处理，请马上登录系统查看，需要时请立即联系幺幺零、幺幺九或幺二零。",
    "sms_emergency": ("【{line}】特急工单{number}，可能危及生命，请立即登录系统处理；需要时请马上联系110、119或120。"),
    "sms_notice_blue": "【{line}】提醒：工单{number}的{step}时限快到了，请登录系统办理。",
    "sms_notice_yellow": "【{line}】黄色督办：工单{number}{step}已超时，请登录系统督办。",
    "sms_notice_red": "【{line}】红色督办：工单{number}{step}严重超时，请登录系统督办。",
    "step_accept": "签收",
    "step_contact": "首次联系",
    "step_resolve": "办理",
    "step_decide": "结果审核",
    "written_received": (
        "【{line}】您的求助已受理，工单编号{number}。查看进度：{page}\n要补充情况，直接回复本短信即可。"
        "如遇危险请拨打110、119或120；不便通话可发短信到12110报警。"
    ),
    "written_added": "【{line}】您补充的情况已记入工单{number}，我们会一并处理。",
    "written_chased": "【{line}】您的工单{number}目前{state}，已提醒承办人员尽快处理。查看进度：{page}",
    "written_empty": "【{line}】没有收到文字内容。请回复写明您遇到的困难、所在的地方和联系方式。",
    "written_stopped": "【{line}】好的，今后不再向您发送回访短信。需要帮助时仍可随时发短信给我们。",
    "written_ask_resolved": (
        "【{line}】您反映的事项（工单{number}）已办理，想做个回访：事情解决了吗？请回复数字：1解决了，2解决了一部分，"
        "3没有解决；0需要工作人员联系，9不再接收回访。也可以直接用文字回答。"
    ),
    "written_ask_resolved_again": "【{line}】没有看懂您的回复。事情解决了吗？请回复数字：1解决了，2解决了一部分，3没有解决。",
    "written_ask_satisfied": "【{line}】您对这次服务满意吗？请回复数字：1满意，2一般，3不满意。",
    "written_ask_satisfied_again": "【{line}】没有看懂您的回复。请回复数字：1满意，2一般，3不满意。",
    "written_ask_reason": "【{line}】很抱歉没有办好，我们会重新办理。方便的话，请回复告诉我们原因。",
    "written_thank": "【{line}】感谢您的回答，祝您生活愉快。",
    "written_will_redo": "【{line}】谢谢您告诉我们，我们会尽快重新办理。",
    "written_person_will_ring": "【{line}】好的，我们会安排工作人员与您联系。",
    "written_never_again": "【{line}】好的，今后不再向您发送回访短信。",
    "state_received": "已受理，等待审核",
    "state_triaged": "已审核，等待派单",
    "state_dispatched": "已派单，等待承办单位签收",
    "state_accepted": "已由承办单位签收，会尽快与您联系",
    "state_in_progress": "正在办理",
    "state_referred": "已转相关部门或机构办理",
    "state_resolved": "已办理，等待回访",
    "state_reopened": "正在重新办理",
    "state_closed": "已办结",
    "state_answered": "已答复",
    "state_merged": "已与同一事项合并办理",
    "state_invalid": "未能受理",
}

_YUE: Mapping[str, str] = {
    "greeting": (
        "你好，呢度系{line}。为咗帮你办好件事，今次通话会录音。"
        "请喺“嘟”一声之后讲低你嘅困难、所在嘅地方同联络电话，讲完请按井号键或者直接收线。需要人工服务，请按零。"
    ),
    "connecting": "而家帮你转接当值同事，通话会录音，请等一等。",
    "nobody_there": "唔好意思，当值同事暂时未能接听。请你留言，我哋会尽快打返俾你。",
    "ask_again": "听唔到你把声。请喺“嘟”一声之后再讲一次。",
    "or_person": "需要人工服务，请按零。",
    "heard_nothing": "仲系听唔到你把声。我哋会安排同事打返俾你。如果有危险，请即刻打一一零、一一九或者一二零。再见。",
    "thanks": "你反映嘅事已经记低咗。你嘅工单编号系：{digits}。再讲一次：{digits}。我哋会尽快处理，办好之后会打俾你。再见。",
    "goodbye": "多谢你嘅来电，再见。",
    "not_in_service": "你打嘅号码唔系救助热线，请核对之后再打。",
    "apology": "唔好意思，系统暂时有故障。我哋会尽快安排同事打返俾你。如果有危险，请即刻打一一零、一一九或者一二零。",
    "ask_resolved": (
        "你好，呢度系{line}，想就你反映嘅事做个回访。请问件事解决咗未？"
        "解决咗，请按一。解决咗一部分，请按二。未解决，请按三。需要同事联络你，请按零。以后唔想再收到回访，请按九。"
    ),
    "ask_resolved_again": "唔好意思，收唔到你嘅选择。解决咗，请按一。解决咗一部分，请按二。未解决，请按三。",
    "speak_freely": "你亦可以直接讲。请喺“嘟”一声之后话俾我哋知：件事解决咗未，你满唔满意。",
    "ask_satisfied": "请问你对今次服务满唔满意？满意，请按一。一般，请按二。唔满意，请按三。",
    "ask_satisfied_again": "唔好意思，收唔到你嘅选择。满意，请按一。一般，请按二。唔满意，请按三。",
    "ask_reason": "好抱歉，你件事仲未办好，我哋会重新办理。请喺“嘟”一声之后话俾我哋知原因，讲完请收线。",
    "thank": "多谢你嘅回答，祝你生活愉快，再见。",
    "will_redo": "多谢你话俾我哋知，我哋会尽快重新办理。再见。",
    "person_will_ring": "好，我哋会安排同事联络你。再见。",
    "never_again": "好，以后唔会再打回访电话俾你。再见。",
    "callback_over": "唔好意思，打搅晒，再见。",
    "sms_order_number": "【{line}】你反映嘅事项已受理，工单编号{number}。办好之后我哋会致电回访。如有危险请致电110、119或120。",
    "alarm": "你好，呢度系{line}嘅紧急提醒。有一张特急工单，可能有生命危险，等紧人处理。工单编号系：{digits}。再讲一次：{digits}。由你处理，请按一。",
    "alarm_again": "收唔到你嘅确认。特急工单：{digits}，等紧人处理。由你处理，请按一。",
    "alarm_last": "仲系收唔到你嘅确认。由你处理，请按一。唔按键嘅话，我哋会即刻通知下一位当值同事。",
    "alarm_thanks": "好，已经记低由你处理。请即刻登入系统睇呢张工单，有需要请即刻联络一一零、一一九或者一二零。再见。",
    "alarm_not_confirmed": "冇记低由你处理，我哋会通知下一位当值同事。再见。",
    "alarm_over": "呢张特急工单已经有人处理，或者已经唔使处理。多谢你，再见。",
    "alarm_fault": "唔好意思，系统暂时有故障，记唔到你嘅确认。有特急工单等紧人处理，请即刻登入系统睇，有需要请即刻联络一一零、一一九或者一二零。",
    "sms_emergency": (
        "【{line}】特急工单{number}，可能有生命危险，请即刻登入系统处理；有需要请马上联络110、119或者120。"
    ),
    "sms_notice_blue": "【{line}】提醒：工单{number}嘅{step}时限就到，请登入系统办理。",
    "sms_notice_yellow": "【{line}】黄色督办：工单{number}{step}已经超时，请登入系统督办。",
    "sms_notice_red": "【{line}】红色督办：工单{number}{step}严重超时，请登入系统督办。",
    "step_accept": "签收",
    "step_contact": "首次联络",
    "step_resolve": "办理",
    "step_decide": "结果审核",
    "written_received": (
        "【{line}】你嘅求助已受理，工单编号{number}。睇进度：{page}\n要补充情况，直接回复呢条短信就得。"
        "如有危险请致电110、119或120；唔方便讲嘢可以发短信到12110报警。"
    ),
    "written_added": "【{line}】你补充嘅情况已记入工单{number}，我哋会一齐处理。",
    "written_chased": "【{line}】你嘅工单{number}而家{state}，已提醒负责同事尽快处理。睇进度：{page}",
    "written_empty": "【{line}】收唔到文字内容。请回复写明你嘅困难、所在嘅地方同联络方法。",
    "written_stopped": "【{line}】好，以后唔会再发回访短信俾你。需要帮手时仍然可以随时发短信俾我哋。",
    "written_ask_resolved": (
        "【{line}】你反映嘅事项（工单{number}）已办理，想做个回访：件事解决咗未？请回复数字：1解决咗，2解决咗一部分，"
        "3未解决；0需要同事联络，9唔再接收回访。亦可以直接写文字。"
    ),
    "written_ask_resolved_again": "【{line}】睇唔明你嘅回复。件事解决咗未？请回复数字：1解决咗，2解决咗一部分，3未解决。",
    "written_ask_satisfied": "【{line}】你对今次服务满唔满意？请回复数字：1满意，2一般，3唔满意。",
    "written_ask_satisfied_again": "【{line}】睇唔明你嘅回复。请回复数字：1满意，2一般，3唔满意。",
    "written_ask_reason": "【{line}】好抱歉未办好，我哋会重新办理。方便嘅话，请回复话俾我哋知原因。",
    "written_thank": "【{line}】多谢你嘅回答，祝你生活愉快。",
    "written_will_redo": "【{line}】多谢你话俾我哋知，我哋会尽快重新办理。",
    "written_person_will_ring": "【{line}】好，我哋会安排同事联络你。",
    "written_never_again": "【{line}】好，以后唔会再发回访短信俾你。",
    "state_received": "已受理，等紧审核",
    "state_triaged": "已审核，等紧派单",
    "state_dispatched": "已派单，等紧承办单位签收",
    "state_accepted": "已由承办单位签收，会尽快联络你",
    "state_in_progress": "办理紧",
    "state_referred": "已转相关部门或机构办理",
    "state_resolved": "已办理，等紧回访",
    "state_reopened": "重新办理紧",
    "state_closed": "已办结",
    "state_answered": "已答复",
    "state_merged": "已同同一事项合并办理",
    "state_invalid": "未能受理",
}

_EN: Mapping[str, str] = {
    "greeting": (
        "Hello, this is the {line}. The call is recorded so that your matter is handled well. "
        "After the tone, please say what you need, where you are and how to reach you; then press the hash key or hang up. "
        "For a person, press zero."
    ),
    "connecting": "You are being connected to the person on duty. The call is recorded. Please hold on.",
    "nobody_there": "Sorry, nobody can take your call just now. Please leave a message; we will ring you back soon.",
    "ask_again": "We did not hear you. Please speak again after the tone.",
    "or_person": "For a person, press zero.",
    "heard_nothing": (
        "We still did not hear you. Somebody will ring you back. In danger, ring one one zero, one one nine or one two zero. "
        "Goodbye."
    ),
    "thanks": (
        "We have noted your matter. Your order number is: {digits}. Once more: {digits}. "
        "We will deal with it and ring you back. Goodbye."
    ),
    "goodbye": "Thank you for calling. Goodbye.",
    "not_in_service": "The number you rang is not a relief hotline. Please check it.",
    "apology": (
        "Sorry, the system has a fault. Somebody will ring you back soon. "
        "In danger, ring one one zero, one one nine or one two zero."
    ),
    "ask_resolved": (
        "Hello, this is the {line}, ringing about the matter you told us. Has it been settled? "
        "Yes, press one. In part, press two. No, press three. To be contacted by a person, press zero. "
        "To get no more such calls, press nine."
    ),
    "ask_resolved_again": "Sorry, no choice arrived. Settled, press one. In part, press two. Not settled, press three.",
    "speak_freely": "You can simply say it. After the tone, tell us whether it is settled and whether you are satisfied.",
    "ask_satisfied": "Are you satisfied with the help? Satisfied, press one. So-so, press two. Dissatisfied, press three.",
    "ask_satisfied_again": "Sorry, no choice arrived. Satisfied, press one. So-so, press two. Dissatisfied, press three.",
    "ask_reason": "We are sorry that your matter is not settled; we will take it up again. After the tone, please tell us why; then hang up.",
    "thank": "Thank you for your answers. Goodbye.",
    "will_redo": "Thank you for telling us. We will do it again soon. Goodbye.",
    "person_will_ring": "All right, a person will get in touch with you. Goodbye.",
    "never_again": "All right, we will not ring you about this again. Goodbye.",
    "callback_over": "Sorry to have disturbed you. Goodbye.",
    "sms_order_number": (
        "[{line}] Your matter has been received as order {number}. We will ring you when it is done. "
        "In danger call 110, 119 or 120."
    ),
    "alarm": (
        "Hello, this is an urgent call from the {line}. An emergency is waiting; a life may be at risk. "
        "The order number is: {digits}. Once more: {digits}. To take it on, press one."
    ),
    "alarm_again": "No key arrived. Emergency order {digits} is waiting. To take it on, press one.",
    "alarm_last": "Still no key arrived. To take it on, press one. Otherwise the next person on duty is told.",
    "alarm_thanks": (
        "Thank you, it is yours. Sign in and open this order now; where needed, call one one zero, one one nine or one two zero. "
        "Goodbye."
    ),
    "alarm_not_confirmed": "It is not noted as yours; the next person on duty is told. Goodbye.",
    "alarm_over": "Somebody has taken this emergency on, or it is over. Thank you. Goodbye.",
    "alarm_fault": (
        "Sorry, the system has a fault and could not note your answer. An emergency is waiting: sign in now; "
        "where needed, call one one zero, one one nine or one two zero."
    ),
    "sms_emergency": (
        "[{line}] Emergency: order {number}. A life may be at risk. Open it now; where needed, call 110, 119 or 120."
    ),
    "sms_notice_blue": "[{line}] Reminder: {step} of order {number} is due soon. Please sign in.",
    "sms_notice_yellow": "[{line}] Yellow: {step} of order {number} is overdue. Please sign in.",
    "sms_notice_red": "[{line}] Red: {step} of order {number} is long overdue. Please sign in.",
    "step_accept": "acceptance",
    "step_contact": "first contact",
    "step_resolve": "the result",
    "step_decide": "the approval of the result",
    "written_received": (
        "[{line}] Your matter has been received as order {number}. See how it stands: {page}\nTo add anything, just reply. "
        "In danger call 110, 119 or 120, or text the police at 12110."
    ),
    "written_added": "[{line}] What you added is noted in order {number}.",
    "written_chased": "[{line}] Order {number}: {state}. Whoever deals with it was reminded. See: {page}",
    "written_empty": "[{line}] No words arrived. Please reply with what you need, where you are and how to reach you.",
    "written_stopped": "[{line}] All right, we will not ask you again. You can still write to us whenever you need help.",
    "written_ask_resolved": (
        "[{line}] Your matter (order {number}) has been dealt with. Is it settled? Reply 1 yes, 2 in part, 3 no; "
        "0 to be contacted by a person, 9 to get no more such messages. You can also answer in words."
    ),
    "written_ask_resolved_again": "[{line}] We did not understand. Is it settled? Reply 1 yes, 2 in part, 3 no.",
    "written_ask_satisfied": "[{line}] Are you satisfied with the help? Reply 1 satisfied, 2 so-so, 3 dissatisfied.",
    "written_ask_satisfied_again": "[{line}] We did not understand. Reply 1 satisfied, 2 so-so, 3 dissatisfied.",
    "written_ask_reason": "[{line}] We are sorry and will do it again. If you like, reply and tell us why.",
    "written_thank": "[{line}] Thank you for your answers.",
    "written_will_redo": "[{line}] Thank you for telling us. We will do it again soon.",
    "written_person_will_ring": "[{line}] All right, a person will get in touch with you.",
    "written_never_again": "[{line}] All right, we will not ask you again.",
    "state_received": "received, to be reviewed",
    "state_triaged": "reviewed, to be dispatched",
    "state_dispatched": "dispatched, to be signed for",
    "state_accepted": "signed for; you will be contacted",
    "state_in_progress": "being dealt with",
    "state_referred": "with another department or body",
    "state_resolved": "dealt with; we will ask you about it",
    "state_reopened": "being done again",
    "state_closed": "closed",
    "state_answered": "answered",
    "state_merged": "dealt with together with the same matter",
    "state_invalid": "could not be taken up",
}

TEXTS: Mapping[str, Mapping[str, str]] = {"zh-CN": _ZH, "yue": _YUE, "en": _EN}

# On the telephone one is said yāo, since yī sounds like seven.
_DIGITS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": dict(zip("0123456789", "零幺二三四五六七八九", strict=True)),
    "yue": dict(zip("0123456789", "零一二三四五六七八九", strict=True)),
    "en": dict(
        zip("0123456789", "zero one two three four five six seven eight nine".split(), strict=True)  # noqa: SIM905
    ),
}
_GROUP = 2


def text_for(language: str, key: str, **fields: str) -> str:
    """The words of `key`; a language that we don't speak hears the default one."""
    return TEXTS.get(language, TEXTS[DEFAULT])[key].format(**fields)


def voice_for(language: str) -> Voice:
    """The voice for the language of `text_for`."""
    return VOICES.get(language, VOICES[DEFAULT])


def spoken_digits(language: str, number: str) -> str:
    """A number digit by digit, with a pause after every second one so that it can be written down."""
    names = _DIGITS.get(language, _DIGITS[DEFAULT])
    digits = [names[digit] for digit in number if digit in names]
    groups = [digits[i : i + _GROUP] for i in range(0, len(digits), _GROUP)]
    return ", ".join(" ".join(group) for group in groups) if language == "en" else "，".join(map("".join, groups))
