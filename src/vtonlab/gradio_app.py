"""The engines behind IDM-VTON's own Gradio interface (``vtonlab gradio``)."""

from __future__ import annotations
