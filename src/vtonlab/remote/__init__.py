"""What leaves this machine: the log of it, and what it may cost."""
