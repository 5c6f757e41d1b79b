"""What the rules of chaos have done so far."""

from __future__ import annotations

from harness.scenario.chaos_model import ChaosExpectation
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch


def check_chaos(stage: Stage, want: ChaosExpectation) -> Mismatch | None:
    """One rule: its state, and how many answers it spoilt."""
    rules = stage.bench.platform.chaos.list()
    if want.number > len(rules):
        return Mismatch(f"a rule of chaos {want.number}", f"there are {len(rules)}")
    rule = rules[want.number - 1]
    if want.state is not None and rule.state != want.state:
        return Mismatch(f"the rule ({rule.says}) to be {want.state}", f"it is {rule.state}")
    struck = f"{rule.struck} times"
    if want.struck is not None and rule.struck != want.struck:
        return Mismatch(f"the rule ({rule.says}) to have struck {want.struck} times", struck)
    if want.struck_at_least is not None and rule.struck < want.struck_at_least:
        least = f"at least {want.struck_at_least} times"
        return Mismatch(f"the rule ({rule.says}) to have struck {least}", struck)
    return None
