"""The hash chain of the ledger shows every change."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from articles.promotion.models import LedgerEntry, LedgerHead
from articles.promotion.models.ledger import ImmutableRecordError
from articles.promotion.services import decisions
from tests import factories
from tests.promotion import actions

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries() -> list[LedgerEntry]:
    """Rows about two promotions, with an amount, a reason in another alphabet, and details."""
    made = actions.approved(price=7000)
    decisions.revoke(promotion=made, moderator=actions.moderator(), reason="Վերնագիրը մոլորեցնում է «նորից»")
    actions.requested()
    return list(LedgerEntry.objects.all())


def verify() -> str:
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    return out.getvalue()


def tamper(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_verify_ledger_valid(entries: list[LedgerEntry]) -> None:
    assert f"{len(entries)} rows" in verify()
    assert [row.number for row in entries] == list(range(1, len(entries) + 1))
    assert [row.previous_hash for row in entries] == ["", *(row.hash for row in entries[:-1])]


def test_verify_ledger_empty() -> None:
    assert "0 rows" in verify()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reason", "Something nicer"),
        ("amount", 1),
        ("actor_role", "system"),
        ("to_state", "declined"),
        ("event", "ended"),
        ("at", "2020-01-01 00:00:00+00:00"),
        ("details", '{"price": 1}'),
        ("currency", "USD"),
        ("actor_id", None),
        ("hash", "0" * 64),
    ],
)
def test_verify_ledger_names_changed_row(entries: list[LedgerEntry], column: str, value: Any) -> None:
    tamper(f"UPDATE promotion_ledgerentry SET {column} = %s WHERE number = 4", value)  # noqa: S608
    with pytest.raises(CommandError, match="Row 4 was changed"):
        verify()


def test_verify_ledger_names_missing_row(entries: list[LedgerEntry]) -> None:
    tamper("DELETE FROM promotion_ledgerentry WHERE number = 4")
    with pytest.raises(CommandError, match="Row 4 is missing"):
        verify()


def test_verify_ledger_names_missing_end(entries: list[LedgerEntry]) -> None:
    tamper("DELETE FROM promotion_ledgerentry WHERE number = %s", len(entries))
    with pytest.raises(CommandError, match=f"Row {len(entries)} is missing"):
        verify()


def test_verify_ledger_names_moved_row(entries: list[LedgerEntry]) -> None:
    for old, new in ((3, 900), (4, 3), (900, 4)):
        tamper("UPDATE promotion_ledgerentry SET number = %s WHERE number = %s", new, old)
    with pytest.raises(CommandError, match="Row 3 "):
        verify()


def test_verify_ledger_finds_added_row(entries: list[LedgerEntry]) -> None:
    LedgerHead.objects.update(number=len(entries) - 1, hash=entries[-2].hash)
    with pytest.raises(CommandError, match="after row"):
        verify()


def test_verify_ledger_finds_rewritten_end(entries: list[LedgerEntry]) -> None:
    """A rewritten last row with a matching hash does not match the head."""
    last = entries[-1]
    last.reason = "Rewritten"
    tamper(
        "UPDATE promotion_ledgerentry SET reason = %s, hash = %s WHERE number = %s",
        last.reason,
        last.computed_hash,
        last.number,
    )
    with pytest.raises(CommandError, match="was replaced"):
        verify()


def test_ledger_rows_are_immutable(entries: list[LedgerEntry]) -> None:
    with pytest.raises(ImmutableRecordError):
        entries[0].save()
    with pytest.raises(ImmutableRecordError):
        entries[0].delete()
    with pytest.raises(ImmutableRecordError):
        LedgerEntry.objects.filter(number=1).update(reason="x")
    with pytest.raises(ImmutableRecordError):
        LedgerEntry.objects.all().delete()


def test_computed_hash_is_frozen() -> None:
    """Stored rows are verified with this computation, so it never changes."""
    row = LedgerEntry(
        number=1,
        promotion_id=7,
        event="requested",
        to_state="requested",
        actor_id=3,
        actor_role="sponsor",
        reason="Բարև",
        at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        amount=-12,
        currency="EUR",
        details={"b": 1, "a": "x"},
        nonce="00" * 16,
    )
    assert row.computed_hash == "c959dc909cde1c08c6242df1be3bc0dbb181df41b7a25ad02d406502bc083bbd"


def test_ledger_verifies_after_dumpdata_and_loaddata(entries: list[LedgerEntry], tmp_path: Path) -> None:
    """So that a site can move from SQLite to PostgreSQL. JSON has no microseconds."""
    file = tmp_path / "promotion.json"
    call_command("dumpdata", "promotion.ledgerentry", "promotion.ledgerhead", output=str(file))
    tamper("DELETE FROM promotion_ledgerentry")
    tamper("UPDATE promotion_ledgerhead SET number = 0, hash = %s", "")
    call_command("loaddata", str(file), verbosity=0)
    assert f"{len(entries)} rows" in verify()


def test_rows_have_a_private_nonce(client: Client, entries: list[LedgerEntry]) -> None:
    assert len({entry.nonce for entry in entries}) == len(entries)
    pages = [client.get(path).text for path in ("/promotions/", "/promotions.csv", "/promotions.json")]
    client.force_login(factories.UserFactory.create(is_staff=True, is_superuser=True))
    pages.append(client.get(f"/admin/promotion/ledgerentry/{entries[0].pk}/change/").text)
    assert not any(entry.nonce in page for entry in entries for page in pages)
    entry = entries[0]
    expected = entry.computed_hash
    entry.nonce = "0" * 32
    assert entry.computed_hash != expected
