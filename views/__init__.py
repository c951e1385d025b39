"""One module a noun: its Resource, and the pages that are no list."""
