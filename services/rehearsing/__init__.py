"""The billing rehearsal: what would happen until some day, foretold without writing anything (SPEC D16)."""
