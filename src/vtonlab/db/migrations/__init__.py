"""The steps from one shape of the database to the next, for all three dialects. ``vtonlab.db.revisions`` takes them."""
