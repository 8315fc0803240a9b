"""The history of the tables in `hub/deliveries/tables.py`."""
