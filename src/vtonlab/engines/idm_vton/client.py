"""gradio_client, made to keep to itself. Importing this takes most of a second."""

from __future__ import annotations

from gradio_client import Client  # type: ignore[import-untyped]
from packaging.version import Version

from vtonlab.engines.idm_vton.wire import Wire

CANCELS_SINCE = Version("4.29.1")
"""Gradio's first version with ``/cancel``; an older one forgets what waits when its stream is cut, and finishes what
runs."""


class QuietClient(Client):  # type: ignore[misc]
    """A client that talks to the service and to nobody else."""

    def _telemetry_thread(self) -> None:
        # It would tell huggingface.co the service's address: `analytics_enabled=False` is overruled by a variable of
        # the environment that nobody sets.
        return

    def close(self) -> None:
        """End its threads, once its connections are cut."""
        super().close()
        for threads in (self.executor, self.helper_executor, self.stream_executor):
            threads.shutdown(wait=False, cancel_futures=True)

    @property
    def can_cancel(self) -> bool:
        """Whether the service can be asked to stop."""
        return bool(self.app_version >= CANCELS_SINCE)


def open_client(wire: Wire) -> QuietClient:
    """A client for one job. Raises what httpx and gradio_client raise, and anything at all for an odd answer."""
    address = wire.address
    return QuietClient(
        address.url,
        token=address.token or False,  # None would send Hugging Face's token, if this machine's user has one
        auth=address.sign_in,
        verbose=False,
        ssl_verify=wire.tls,
        download_files=False,  # it would leave folders behind, and does not limit what it is sent
        analytics_enabled=False,
        # A proxy of the environment cannot reach this machine's own ports.
        httpx_kwargs={"auth": wire, "trust_env": not address.is_here},
    )
