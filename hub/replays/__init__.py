"""What was planned to be sent again, who approved it, and what became of it."""
