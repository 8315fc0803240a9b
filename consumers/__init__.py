"""HANDS OUT: the loop that brings each agency its feed."""
