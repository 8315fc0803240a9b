"""The pipeline's steps, one file each, in the order of `hub/pipeline.py`. Pure: no store, no clock, no network."""
