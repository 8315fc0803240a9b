"""What the page of one agency shows: its agreement, how far its feed is, what was tried, and what it has refused."""
