"""How fast a replay may ask: a bucket of tokens that fills with time. Pure: the clock is an argument.

Not pyrate-limiter: its buckets sleep or need a thread of their own, count whole deliveries per interval (no 0.5 a
second), and read the clock themselves, so neither a clock that jumps nor a pause of hours could be tested.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """So many deliveries per second; None: as many as wanted. At most one second's worth comes at once."""

    rate: float | None
    tokens: float
    #: When that was so, in milliseconds.
    at: int

    @classmethod
    def begin(cls, rate: float | None, at: int) -> Pace:
        """Return the pace of a replay that begins, or goes on after any pause: nothing is saved up."""
        return cls(rate, min(1.0, rate or 1.0), at)

    def later(self, now: int) -> Pace:
        """Return it at another time; a clock that went back fills nothing."""
        if self.rate is None:
            return self
        most = max(1.0, self.rate)
        return Pace(self.rate, min(most, self.tokens + self.rate * max(0, now - self.at) / 1000), now)

    def allows(self, most: int) -> int:
        """Return how many may go now, at most so many."""
        return most if self.rate is None else min(most, int(self.tokens))

    def spent(self, count: int) -> Pace:
        """Return it after so many went."""
        return self if self.rate is None else Pace(self.rate, self.tokens - count, self.at)
