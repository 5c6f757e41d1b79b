"""Control routes of chaos: its rules, and jumps of the scenario clock."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, FastAPI

from harness.platform.control.chaos_orders import ChaosOrder, ClockJumpOrder, SwitchOrder
from harness.platform.facade import Platform


def add_chaos(app: FastAPI, platform: Platform) -> None:
    """``/api/chaos``."""
    chaos = platform.chaos

    @app.get("/api/chaos")
    def rules() -> list[dict[str, Any]]:
        """The standing rules, oldest first, each with a sentence, its state and its count."""
        return [rule.as_dict() for rule in chaos.list()]

    @app.post("/api/chaos", status_code=201)
    def add(order: Annotated[ChaosOrder, Body()]) -> dict[str, Any]:
        """Add a rule, for one device or for all; or let the scenario clock jump, at once."""
        if isinstance(order, ClockJumpOrder):
            return chaos.jump(by_s=order.by, to=order.to).as_dict()
        code = platform.settings.maintenance_code
        disturbance = order.disturbance(platform.clock.now(), code)
        rule = chaos.add(disturbance, device=order.device, seed=order.seed, on=order.on)
        return rule.as_dict()

    @app.patch("/api/chaos/{ident}")
    def switch(ident: str, order: SwitchOrder) -> dict[str, Any]:
        """Switch a rule on or off; it keeps its place, its count and its turns."""
        return chaos.switch(ident, on=order.on).as_dict()

    @app.delete("/api/chaos/{ident}")
    def remove(ident: str) -> dict[str, Any]:
        """Remove a rule; the answer is the rule as it was."""
        return chaos.remove(ident).as_dict()

    @app.delete("/api/chaos")
    def clear() -> list[dict[str, Any]]:
        """Remove all rules; the answer is the rules as they were."""
        return [rule.as_dict() for rule in chaos.clear()]
