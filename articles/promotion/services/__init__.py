"""Actions on promotions, one function each. Nothing else changes a promotion, a payment or the ledger.

A background task is defined in the module of the service that enqueues it, because it calls that module's functions.
"""
