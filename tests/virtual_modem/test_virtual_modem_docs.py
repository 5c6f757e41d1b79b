"""The documentation's tables are what the virtual modem does."""

from __future__ import annotations

from pathlib import Path

from harness.virtual_modem.quectel.bg import QuectelBg
from harness.virtual_modem.quectel.model import QuectelModel

_PAGE = Path(__file__).parents[2] / "docs" / "virtual-modem.md"
_FORMS = (("run", ""), ("read", "?"), ("test", "=?"), ("set", "="))


def command_table() -> str:
    """Each command with the forms it has, and its times."""
    lines = ["| command | forms | typical | at most |", "|---|---|---|---|"]
    for name, entry in sorted(QuectelBg.commands.items()):
        forms = " ".join(f"`{name}{mark}`" for form, mark in _FORMS if getattr(entry, form))
        time = QuectelBg.response_times.get(name, QuectelBg.response_time)
        lines.append(f"| `{name}` | {forms} | {time.typical_s:g} s | {time.maximum_s:g} s |")
    return "\n".join(lines)


def config_table() -> str:
    """The keys of +QCFG by model."""
    models = {
        name: model for name, model in QuectelBg.models.items() if isinstance(model, QuectelModel)
    }
    keys = sorted({key for model in models.values() for key in model.config})
    lines = [f"| key | {' | '.join(models)} |", "|---" * (len(models) + 1) + "|"]
    for key in keys:
        cells = [
            f"`{model.config[key].shown}`" if key in model.config else "ERROR"
            for model in models.values()
        ]
        lines.append(f"| `{key}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def test_the_command_table_is_true() -> None:
    """Commands, forms and response times as in the family's table."""
    assert command_table() in _PAGE.read_text()


def test_the_key_table_is_true() -> None:
    """Keys and values of +QCFG as in the family's data."""
    assert config_table() in _PAGE.read_text()
