"""The history of the tables in `hub/registers/tables.py`."""
