"""Month packs: what a bookkeeper needs of one month, as one ZIP behind an expiring link (SPEC D17)."""
