"""What the step ``chaos`` does."""

from __future__ import annotations

from harness.scenario.chaos_model import (
    ChaosRuleModel,
    ClearChaosModel,
    ClockJumpModel,
    LatencyModel,
    LogNormalLatencyModel,
    LoseResponseModel,
    MaintenanceModel,
    RefuseModel,
    ResetModel,
)
from harness.scenario.stage import Stage


def add_rule(stage: Stage, action: ChaosRuleModel) -> None:
    """From now on, until it is cleared or the scenario ends."""
    platform = stage.bench.platform
    disturbance = action.disturbance(platform.clock.now(), platform.settings.maintenance_code)
    device = None if action.device is None else stage.fill(action.device)
    platform.chaos.add(disturbance, device=device, seed=action.seed)


def jump(stage: Stage, action: ClockJumpModel) -> None:
    """Raises :class:`~harness.clock.ClockError` for a jump backwards."""
    by_s = None if action.by is None else action.by.total_seconds()
    stage.bench.platform.chaos.jump(by_s=by_s, to=action.to, drain=stage.bench.dut.drain)


def clear(stage: Stage, action: ClearChaosModel) -> None:
    """Everything is as ever."""
    del action
    stage.bench.platform.chaos.clear()


RULE_MODELS: tuple[type[ChaosRuleModel], ...] = (
    LatencyModel,
    LogNormalLatencyModel,
    LoseResponseModel,
    ResetModel,
    RefuseModel,
    MaintenanceModel,
)
