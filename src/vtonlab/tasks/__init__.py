"""Long jobs: rows that are the truth, claimed with a lease, finished once, told to whoever watches."""
