"""The engine `idm_vton`: an IDM-VTON service, or anything else with its Gradio interface."""

from vtonlab.engines.idm_vton.engine import IdmVtonEngine

__all__ = ["IdmVtonEngine"]
