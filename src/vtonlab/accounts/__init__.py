"""Who is asking, and what they may do: users, guests, sessions, tokens, roles, the audit log."""
