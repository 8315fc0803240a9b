"""WHAT MAY BE SAID: the events, the agencies' views of them, and the rules for changing either."""
