"""The pictures people keep: in, through, out, and to the trash and back."""
