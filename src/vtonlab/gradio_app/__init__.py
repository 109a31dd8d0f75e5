"""Any engine behind IDM-VTON's own Gradio interface, and behind the base64 form of it (``vtonlab gradio``).

    client ─▶ guard ─▶ Gradio (queue, uploads, page) ─▶ forms ─▶ desk ─▶ engine
                 └───▶ POST /api/tryon ────────────────────┘

docs/guides/gradio.md is written for those who use it. Nothing here needs the database: what comes in is computed,
handed back, and forgotten within the hour.
"""

from __future__ import annotations

import os

# Read by Gradio when it is imported, and again when an app is made: nobody is told that it is used.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
