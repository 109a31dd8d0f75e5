"""Which engine a command uses, and whether it may."""

from __future__ import annotations

import sys

from vtonlab.cli.language import here, say


def choose_engine(name: str | None) -> str:
    """The engine ``name``, or else the one of the settings; equipped by them. Where it sends pictures away, that is
    said on stderr first. Raises ``UnknownEngine``, ``EngineUnavailable``, ``NotForCommerce`` and ``BadSetting``."""
    from vtonlab import settings
    from vtonlab.engines import registry
    from vtonlab.equip import find_engine

    engine = find_engine(name or settings.load().engine or registry.DEFAULT_ENGINE)
    if engine.capabilities.remote_host:
        print(f"{here('note', '说明')}: {engine.name}: {say(engine.capabilities.privacy)}", file=sys.stderr)
    return engine.name


def check_cost(name: str, pictures: int) -> None:
    """Say on stderr what ``pictures`` of a paid engine are taken to cost. Raises ``BudgetSpent`` where that is over
    ``VTONLAB_REMOTE_BUDGET``: of a command, too, nobody wants to learn the price afterwards. What was spent before is
    counted when the pictures leave (``vtonlab.cli.departures``)."""
    from vtonlab import settings
    from vtonlab.engines import registry
    from vtonlab.errors import BudgetSpent

    if not registry.get(name).capabilities.is_paid:
        return
    chosen = settings.load()
    price = settings.for_engine(chosen, name).get("price")
    cost = pictures * price if isinstance(price, int | float) else 0.0
    if chosen.remote_budget and cost > chosen.remote_budget:
        raise BudgetSpent(engine=name, limit=f"{chosen.remote_budget:g}")
    said = here(
        f"it is taken to cost {cost:.2f} US dollars ({pictures} × {price})",
        f"预计费用 {cost:.2f} 美元（{pictures} × {price}）",
    )
    print(f"{here('note', '说明')}: {name}: {said}", file=sys.stderr)
