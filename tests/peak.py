"""The most memory a process has held, for programs that tests start."""

from __future__ import annotations

READ_PEAK = '''
def peak_mb() -> int:
    """Of this process alone: what getrusage tells on Linux begins with what the process that started it had."""
    import resource, sys
    from pathlib import Path
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform != "darwin" else 1024**2)
'''
