"""Rows for tests: one factory a table, believable without arguments."""
