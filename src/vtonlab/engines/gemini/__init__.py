"""Google's Gemini image models."""

from vtonlab.engines.gemini.engine import GeminiEngine

__all__ = ["GeminiEngine"]
