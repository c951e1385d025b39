"""Taking money: the intent is committed, the gateway is asked with no transaction open, the outcome is committed."""
