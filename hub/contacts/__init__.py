"""The contact with each agency: when it answered, since when it does not, and who has suspended it."""
