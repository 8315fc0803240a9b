"""Tests of linked procedures."""
