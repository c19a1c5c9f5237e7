"""Actions on promotions, one function each. Nothing else changes a promotion, a payment or the ledger."""
