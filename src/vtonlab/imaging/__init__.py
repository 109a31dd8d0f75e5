"""Pictures in and out, and nothing else: read safely, write, thumbnails, placeholders, marks of provenance.

Imports nothing of the program above ``vtonlab.errors``.
"""
