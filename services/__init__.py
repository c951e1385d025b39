"""Operations: one module a noun, one verb a function. The only writers."""
