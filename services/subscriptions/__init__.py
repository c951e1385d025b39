"""Subscriptions: what one costs, how it is changed, billed and ended, and how what was paid for is provided."""
