"""The words for what a transcript can tell: categories, urgencies, needs and groups of people."""

from enum import StrEnum


class FactName(StrEnum):
    """The facts of an order, in the order in which a reviewer reads them."""

    SUMMARY = "summary"
    CATEGORY = "category"
    URGENCY = "urgency"
    NEEDS = "needs"
    GROUPS = "groups"
    PEOPLE = "people"
    PLACE = "place"
    ADDRESS = "address"
    CALLER_NAME = "caller_name"
    PHONE = "phone"
    CONTACT = "contact"


class Category(StrEnum):
    """What the caller asks to be given or done."""

    SUPPLIES = "supplies"
    MEDICAL = "medical"
    HOUSING = "housing"
    INCOME = "income"
    ELDERLY = "elderly"
    CHILDREN = "children"
    DISABILITY = "disability"
    HOMELESS = "homeless"
    UTILITIES = "utilities"
    POLICY = "policy"
    COMPLAINT = "complaint"
    OTHER = "other"


class Urgency(StrEnum):
    """How long it may wait."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    NORMAL = "normal"
    CONSULTATION = "consultation"


class Need(StrEnum):
    """What is missing."""

    FOOD = "food"
    WATER = "water"
    GAS = "gas"
    MEDICINE = "medicine"
    MILK_POWDER = "milk_powder"
    DIAPERS = "diapers"
    CLOTHING = "clothing"
    QUILT = "quilt"
    CASH = "cash"
    SHELTER = "shelter"
    CARE = "care"
    TRANSPORT = "transport"
    POWER = "power"
    NETWORK = "network"
    DOCTOR = "doctor"
    COMPANIONSHIP = "companionship"


class Group(StrEnum):
    """Who is affected."""

    ELDERLY_ALONE = "elderly_alone"
    ELDERLY = "elderly"
    CHILD = "child"
    LEFT_BEHIND_CHILD = "left_behind_child"
    ORPHAN = "orphan"
    DISABLED = "disabled"
    HEARING_IMPAIRED = "hearing_impaired"
    VISUALLY_IMPAIRED = "visually_impaired"
    PREGNANT = "pregnant"
    INFANT = "infant"
    SERIOUS_ILLNESS = "serious_illness"
    LOW_INCOME = "low_income"
    DESTITUTE = "destitute"
    HOMELESS = "homeless"
    UNEMPLOYED = "unemployed"
