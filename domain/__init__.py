"""Pure rules: the standard library only, and told the time."""
