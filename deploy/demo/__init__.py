"""The synthetic population of `dancu demo`, and the slow model that says what must happen to it."""
