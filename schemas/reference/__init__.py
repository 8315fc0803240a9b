"""Reference data: administrative units of both lists, and the rules of personal numbers."""
