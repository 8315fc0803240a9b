"""Linked procedures (liên thông): what one event begins, whose steps follow, and who is late."""
