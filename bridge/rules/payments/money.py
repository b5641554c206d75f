"""Amounts of money: whole minor units and a currency of ISO 4217. Never a float.

How many decimals a currency has is ISO's word. Providers differ for a few (one takes forints without decimals, another
counts Icelandic krónur in hundredths): whoever speaks to them translates, and only amounts of one source are compared.
"""

import re
from dataclasses import dataclass

# Every program that reads JSON can hold it, and no sale of a license comes near.
MOST_MINOR = 10**15

_AMOUNT = re.compile(r"([0-9]{1,16})(?:\.([0-9]{1,4}))?")
_WITH_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
    "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR "
    "MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK "
    "SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD "
    "XCG YER ZAR ZMW ZWG "  # codespell:ignore zar
)
_WITH_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE, _WITH_FOUR = "BHD IQD JOD KWD LYD OMR TND", "CLF UYW"
_DIGITS = {
    code: places
    for places, codes in ((2, _WITH_TWO), (0, _WITH_NONE), (3, _WITH_THREE), (4, _WITH_FOUR))
    for code in codes.split()
}


class InvalidMoney(ValueError):  # noqa: N818 - named for what happened
    """An amount or a currency that can't be: the message is a sentence for the person who entered it."""


@dataclass(frozen=True, slots=True)
class Money:
    """``minor`` units (cents, yen; not negative) of ``currency``, three capital letters."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in _DIGITS:
            raise InvalidMoney("The currency is not one of ISO 4217; a valid one is EUR.")
        if not 0 <= self.minor <= MOST_MINOR:
            raise InvalidMoney("The amount is negative, or more than anybody pays.")


def digits(currency: str) -> int:
    """Return how many decimals the currency has: 2 for EUR, 0 for JPY, 3 for KWD. Raises `InvalidMoney`."""
    return _DIGITS[Money(0, currency).currency]


def parse(amount: str, currency: str) -> Money:
    """Read "49.00" with "EUR" (in either case) as `Money`. Raises `InvalidMoney`.

    Fewer decimals than the currency has will do; more don't, even where they are zeros.
    """
    code = currency.upper() if currency.isascii() else currency
    places = digits(code)
    found = _AMOUNT.fullmatch(amount)
    if found is None or len(found[2] or "") > places:
        example = text(Money(49 * 10**places, code))
        raise InvalidMoney(f"The amount is not one in {code}; a valid one is {example}, with a point and no sign.")
    return Money(int(found[1] + (found[2] or "").ljust(places, "0")), code)


def text(money: Money) -> str:
    """Write the amount with all the decimals of its currency: "49.00" EUR, "4900" JPY, "4.900" KWD."""
    places = _DIGITS[money.currency]
    figures = f"{money.minor:0{places + 1}d}"
    return f"{figures[:-places]}.{figures[-places:]}" if places else figures
