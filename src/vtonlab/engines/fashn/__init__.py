"""FASHN's try-on service."""

from vtonlab.engines.fashn.engine import FashnEngine

__all__ = ["FashnEngine"]
