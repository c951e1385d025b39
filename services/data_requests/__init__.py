"""Requests of people about their own data: a copy of it, its deletion, restricting its use (SPEC G2)."""
