"""DECIDES: what happens to an event. Start reading at `hub/pipeline.py`."""
