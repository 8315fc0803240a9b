"""What the operator at a counter sees and does: the local page, its words, and the desk behind it."""
