"""The database: one way in, three dialects, one set of migrations, and the journal of what changed."""
