"""What the speed claims are measured with. ``make bench`` prints a table and writes RESULTS.md here."""
