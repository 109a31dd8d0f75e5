"""An engine that cannot be loaded: the others must not suffer from it."""

msg = "a part of this package is missing"
raise ImportError(msg)
