"""Payment providers behind one Protocol: plain data in, plain data out."""
