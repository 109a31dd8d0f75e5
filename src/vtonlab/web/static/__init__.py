"""The page's own files."""

from pathlib import Path

STATIC = Path(__file__).parent
