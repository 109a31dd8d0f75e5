"""The command line: ``vtonlab COMMAND``. Data goes to stdout, everything said to a person to stderr.

Exit codes: 0 done · 1 an engine or the machine failed · 2 the input or the call was wrong · 3 every pair of a batch
failed · 130 stopped with Ctrl+C.
"""

from __future__ import annotations


def main() -> int:
    """The console script. Imports next to nothing before it knows what is asked for."""
    from vtonlab.cli.entry import run

    return run()
