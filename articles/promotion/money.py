"""Money is whole minor units (cents, lumas) and a currency. Decimal exists only at the border to payment providers."""

from __future__ import annotations

from decimal import Decimal

from django.utils import formats
from django.utils.translation import gettext_lazy as _

# ISO 4217 codes and how many digits their minor unit has. Currencies with three digits are not offered, because
# providers and `Payment.total` carry two at most.
EXPONENTS = {
    "AMD": 2, "AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CNY": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "GEL": 2,
    "HKD": 2, "HUF": 2, "ILS": 2, "INR": 2, "JPY": 0, "KRW": 0, "KZT": 2, "MXN": 2, "NOK": 2, "NZD": 2, "PLN": 2,
    "RON": 2, "RUB": 2, "SEK": 2, "SGD": 2, "TRY": 2, "UAH": 2, "USD": 2, "VND": 0, "ZAR": 2,
}  # fmt: skip
CURRENCIES = [(code, code) for code in EXPONENTS]
# What fits into the column that payment providers work with.
MOST = 999_999_900


def to_decimal(amount: int, currency: str) -> Decimal:
    """Minor units as the Decimal that a provider speaks: 1250 EUR → 12.50, 1250 JPY → 1250."""
    return Decimal(amount).scaleb(-EXPONENTS[currency])


def to_minor(amount: Decimal, currency: str) -> int:
    """A provider's Decimal as minor units.

    Raises:
        ValueError: it has more digits than the currency.
    """
    scaled = amount.scaleb(EXPONENTS[currency])
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} is no amount of {currency}")
    return int(scaled)


def shown(amount: int, currency: str) -> str:
    """An amount for people, in the notation of their language: "1,250.00 EUR", and "free" for nothing."""
    if not amount:
        return str(_("free"))
    return exact(amount, currency)


def exact(amount: int, currency: str) -> str:
    """Like `shown`, with nothing as "0.00 EUR": for sums and balances."""
    digits = EXPONENTS.get(currency, 0)
    number = formats.number_format(
        Decimal(amount).scaleb(-digits), decimal_pos=digits, use_l10n=True, force_grouping=True
    )
    return f"{number}\u00a0{currency}".strip()
