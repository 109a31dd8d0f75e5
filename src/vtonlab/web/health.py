"""Whether the server lives, whether it can serve, and how it is doing."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import SQLAlchemyError

from vtonlab.accounts.asking import permitted, who
from vtonlab.accounts.caller import Caller, Permission
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import VtonError
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.web import stats, work
from vtonlab.web.metrics import CONTENT_TYPE, Metrics

PATIENCE_SECONDS = 3.0

log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[None]]
STATS_EXAMPLE = 'vtonlab_requests_total{method="GET",route="/api/status",status="200"} 12.0\n'


class Alive(BaseModel):
    """The server answers."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "ok", "version": "0.2.0"}})

    status: str = "ok"
    version: str


class Readiness(BaseModel):
    """Whether each part can serve: ``ok`` or ``down``."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "ready", "parts": {"database": "ok", "storage": "ok", "runner": "ok"}}}
    )

    status: str
    parts: dict[str, str]


def make_router(
    database: Database, storage: Storage, settings: Settings, metrics: Metrics, version: str, runner: Check
) -> APIRouter:
    """Routes for those who run the server; ``runner`` raises when no task would be run now."""
    router = APIRouter()
    checks: Mapping[str, Check] = {"database": database.ping, "storage": storage.ping, "runner": runner}
    _add_probes(router, checks, version)
    _add_figures(router, database, storage, settings, metrics, version)
    return router


def _add_probes(router: APIRouter, checks: Mapping[str, Check], version: str) -> None:
    @router.get("/healthz", summary="Whether the server answers", tags=["operation"])
    async def alive() -> Alive:
        """Says nothing about the database or the storage: a server without them need not be restarted."""
        return Alive(version=version)

    @router.get(
        "/readyz",
        summary="Whether every part can serve",
        tags=["operation"],
        response_model=Readiness,
        responses={503: {"model": Readiness, "description": "A part is down; `parts` says which."}},
    )
    async def ready() -> JSONResponse:
        """For load balancers: 503 while the database, the storage or the runner of tasks is down."""
        states = dict(zip(checks, await asyncio.gather(*(_try(*item) for item in checks.items())), strict=True))
        fine = all(states.values())
        told = Readiness(
            status="ready" if fine else "not ready", parts={name: "ok" if up else "down" for name, up in states.items()}
        )
        return JSONResponse(told.model_dump(), status_code=200 if fine else 503, headers={"Cache-Control": "no-store"})


async def _try(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await check()
    except (TimeoutError, OSError, VtonError, SQLAlchemyError) as error:
        log.warning("not ready: %s (%s)", name, type(error).__name__)
        return False
    return True


def _add_figures(
    router: APIRouter, database: Database, storage: Storage, settings: Settings, metrics: Metrics, version: str
) -> None:
    began = time.monotonic()

    @router.get(
        "/metrics",
        summary="Figures for Prometheus",
        tags=["operation"],
        response_class=Response,
        responses={200: {"content": {"text/plain": {"example": STATS_EXAMPLE}}, "description": "Text format 0.0.4."}},
    )
    async def figures(request: Request) -> Response:
        """Open on one's own machine; elsewhere with the setting `metrics_token` as bearer, or `stats:read`."""
        if not (settings.is_local and settings.is_loopback) and not _has_metrics_token(request, settings):
            (await who(request)).require(Permission.STATS_READ)
        async with database.read() as session:
            tasks = await stats.count_tasks(session)
        return Response(metrics.write(tasks), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    @router.get("/api/v1/admin/stats", summary="How much the server holds", tags=["administration"])
    async def tell_stats(_caller: Annotated[Caller, permitted(Permission.STATS_READ)]) -> stats.Stats:
        """Users, pictures and tasks of everybody, how the work goes, and what paid engines cost. Needs `stats:read`."""
        moment = now()
        async with database.read() as session:
            users = await stats.count_users(session)
            pictures = await stats.count_pictures(session)
            tasks = await stats.count_tasks(session)
            paid = await stats.count_paid(session, settings.remote_budget)
            lanes = await work.tell_lanes(session, tasks, moment)
            days = await work.tell_days(session, moment)
            largest = await work.tell_largest(session)
        by_status: dict[str, int] = {}
        for (_, status), count in tasks.items():
            by_status[status] = by_status.get(status, 0) + count
        return stats.Stats(
            version=version,
            mode="local" if settings.is_local else "server",
            database=database.url.get_backend_name(),
            storage=storage.name,
            uptime_seconds=round(time.monotonic() - began, 1),
            users=users,
            pictures=pictures,
            tasks=by_status,
            paid_today=paid,
            lanes=lanes,
            days=days,
            largest=largest,
        )


def _has_metrics_token(request: Request, settings: Settings) -> bool:
    wanted = settings.metrics_token.get_secret_value()
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return bool(wanted) and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), wanted.encode())
