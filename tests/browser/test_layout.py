"""The live page on narrow and wide screens, in light and dark."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Opened, Served

VIEWS = ("uplinks", "devices", "messages", "firmware", "chaos", "about")


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_screen(served: Served, opened: Opened, width: int) -> None:
    """In no view does the page scroll sideways, and every control has a name."""
    served.uplink('{"n":"note","vs":"' + "long" * 200 + '"}')
    page = opened(width=width)
    for name in VIEWS:
        page.goto(f"{served.url}#{name}")
        page.get_by_role("navigation", name="Views").locator("[aria-current]").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(
            "[...document.querySelectorAll('main > *')].every(n => n.scrollWidth <= n.clientWidth)"
        )
        unnamed = page.evaluate(
            """[...document.querySelectorAll('button, input, select, textarea')].filter(n =>
                !n.textContent.trim() && !n.getAttribute('aria-label') && !n.labels?.length
            ).length"""
        )
        assert unnamed == 0


def test_a_narrow_screen_shows_list_or_uplink(served: Served, opened: Opened) -> None:
    """A row opens the uplink over the list, and there is a way back."""
    served.uplink('{"n":"a","v":1}')
    page = opened(width=400)
    row = page.get_by_role("listbox", name="Uplinks, newest first").get_by_role("option")
    row.click()
    page.get_by_role("heading", name="#1 tracker-1").wait_for()
    row.wait_for(state="hidden")
    page.get_by_role("button", name="← Uplinks").click()
    row.wait_for()


@pytest.mark.parametrize("width", [400, 1280])
def test_a_long_name_does_not_hide_its_value(served: Served, opened: Opened, width: int) -> None:
    """Thousands of characters break into lines; the value stands beside them, not far off."""
    served.uplink('{"n":"' + "x" * 3_000 + '","vs":"' + "y" * 500 + '"}')
    page = opened(width=width)
    page.get_by_role("listbox", name="Uplinks, newest first").get_by_role("option").click()
    page.get_by_role("tab", name="SenML").click()
    page.get_by_role("cell", name="yyy").wait_for()
    right = "document.querySelector('.records td').getBoundingClientRect().right"
    assert page.evaluate(right) <= width


def test_the_columns_of_a_pack_stand_below_their_names(served: Served, opened: Opened) -> None:
    """Each value begins where the name of its column begins."""
    served.uplink('{"n":"temperature","u":"Cel","v":21.5}')
    page = opened()
    page.get_by_role("listbox", name="Uplinks, newest first").get_by_role("option").click()
    page.get_by_role("tab", name="SenML").click()
    page.get_by_role("cell", name="21.5").wait_for()
    lefts = """row => [...document.querySelector(`table.records ${row} tr`).children]
        .map(cell => Math.round(cell.getBoundingClientRect().left))"""
    heads = page.evaluate(lefts, "thead")
    assert len(heads) == 5
    assert page.evaluate(lefts, "tbody") == heads


def test_light_and_dark(served: Served, opened: Opened) -> None:
    """As the system has it, or as chosen; the choice is kept. Text stands out in both."""
    page = opened(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Colours: auto").click()
    assert page.evaluate(ground) != dark
    page.reload()
    page.get_by_role("button", name="Colours: light").click()
    assert page.evaluate(ground) == dark
    for colour in ("ink", "dim", "good", "bad", "warn", "accent"):
        for theme in ("light", "dark"):
            ratio = page.evaluate(CONTRAST, [theme, colour])
            assert ratio >= 4.5, f"{colour} in {theme}: {ratio:.2f}"


CONTRAST = """([theme, name]) => {
  document.documentElement.dataset.theme = theme;
  const style = getComputedStyle(document.documentElement);
  const light = (text) => {
    const parts = text.trim().slice(1).match(/../g).map((hex) => parseInt(hex, 16) / 255)
      .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const [a, b] = [`--${name}`, "--card"].map((one) => light(style.getPropertyValue(one)));
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
