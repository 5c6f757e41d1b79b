"""The summary of a run: what a reader wants to know first."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from harness.backoff import READINGS, attempts, discard_after, with_reading
from harness.report.card import TONES
from harness.report.run import Item, RunReport
from harness.report.text import esc, moment, plural, prose, span, visible
from harness.scenario.requirements import requirements

_WHO = {"dev": "device", "plat": "platform", "rig": "rig"}
_SYMBOLS = {
    "passed": "✓", "failed": "✗", "rig error": "!", "scenario error": "!", "harness error": "!",
    "skipped": "–", "no verdict": "?", "not shown": "·",
}  # fmt: skip
_HARMLESS = {"passed", "skipped"}
_NAV = (
    '<nav class="h-nav" aria-label="Sections"><a href="#requirements">Requirements</a> '
    '<a href="#set-up">Rig and versions</a> <a href="#open">Assumptions</a> '
    '<a href="#results-table">Scenarios</a></nav>'
)


def summary_html(run: RunReport) -> str:
    """All of the summary, to stand above the table of scenarios."""
    return (
        '<div class="h-summary" lang="en">'
        f"{_headline(run)}{_failures(run)}{_requirements(run)}{_set_up(run)}{_open_questions(run)}"
        "<noscript><p class='h-remark'>The table below needs JavaScript; this summary does not. "
        "The timelines beside this page hold everything.</p></noscript></div>"
    )


def headline_words(run: RunReport) -> str:
    """The run in one sentence."""
    counts = run.counts
    if not run.items:
        return "Nothing was run"
    broken = [name for name, found in run.by_requirement().items() if found.get("failed")]
    outcome = run.outcome
    if run.not_run and not broken and counts.keys() <= _HARMLESS:
        return f"The run was stopped, {plural(run.not_run, 'scenario')} short of its end"
    if outcome == 0:
        passed = counts.get("passed", 0)
        skipped = counts.get("skipped", 0)
        if not passed:
            return "Nothing could be run on this rig"
        return "All scenarios passed" if not skipped else "All scenarios that could run passed"
    if outcome == 3:
        return "The bench broke; nothing counts against the device"
    if not broken:
        return "The run did not come to a clean end"
    return f"{plural(len(broken), 'requirement')} broken"


def _headline(run: RunReport) -> str:
    tone = {0: "good", 1: "bad", 3: "warn"}[run.outcome]
    if run.counts.keys() <= _HARMLESS and (run.not_run or not run.counts.get("passed")):
        tone = "warn"
    tiles = "".join(
        f'<li class="h-tile h-v-{TONES.get(name, "warn")}"><b>{count}</b> {esc(name)}</li>'
        for name, count in run.counts.items()
    )
    start, end = moment(run.started), moment(run.ended)
    took = f" in {span(end - start)}" if start and end else ""
    when = f" · {esc(run.started[:19].replace('T', ' '))} UTC" if start else ""
    rig = f" · rig {esc(run.rig.get('name'))}" if run.rig.get("name") else ""
    shared = " · identities masked" if run.shared else ""
    stopped = (
        [f"the run was stopped: {plural(run.not_run, 'scenario')} came to no verdict"]
        if run.not_run
        else []
    )
    told = (*run.remarks, *stopped)
    remarks = "".join(f'<p class="h-remark">{esc(remark)}.</p>' for remark in told)
    return (
        f'<p class="h-headline h-{tone}">{esc(headline_words(run))}</p>'
        f'<p class="h-dim">{plural(len(run.items), "scenario")}{took}{when}{rig} · run '
        f'{esc(run.id)}{shared}</p><ul class="h-tiles">{tiles}</ul>{remarks}{_NAV}'
    )


def _link(item: Item, verdict: str = "") -> str:
    """To the item's row; ``verdict`` when it is another one for this requirement."""
    verdict = verdict or item.verdict
    symbol = _SYMBOLS.get(verdict, "?")
    tone = TONES.get(verdict, "dim")
    return (
        f'<a class="h-link" href="#{esc(quote(item.nodeid))}"><span class="h-{tone}" '
        f'title="{esc(verdict)}">{symbol}</span> {esc(item.id)}</a>'
    )


def _failures(run: RunReport) -> str:
    bad = [item for item in run.items if item.verdict not in ("passed", "skipped")]
    if not bad:
        return ""
    rows = "".join(
        f"<tr><td>{_link(item)}</td><td class='h-in'>"
        f"<strong class='h-{TONES.get(item.verdict, 'warn')}'>{esc(item.verdict)}</strong></td>"
        f"<td class='h-in'>{esc(item.blame)}</td>"
        f"<td class='h-in'>{esc(', '.join(item.requirements))}</td>"
        f"<td>{visible(item.message, limit=300)}</td></tr>"
        for item in bad[:100]
    )
    left = len(bad) - 100
    more = f"<p>and {left} more below</p>" if left > 0 else ""
    return (
        '<h2>What went wrong</h2><div class="h-scroll"><table class="h-stack"><thead><tr>'
        '<th scope="col">scenario</th><th scope="col">verdict</th><th scope="col">blame</th>'
        '<th scope="col">broken</th><th scope="col">what was seen</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{more}"
    )


def _requirements(run: RunReport) -> str:
    known = requirements()
    table = run.by_requirement()
    names = [name for name in known if name in table] + sorted(set(table) - set(known))
    if not names:
        return ""
    rows = []
    for name in names:
        found = table[name]
        state = next((v for v in ("failed", "harness error", "scenario error", "rig error",
                                  "no verdict", "passed", "not shown", "skipped")
                      if found.get(v)), "skipped")  # fmt: skip
        words = {"failed": "broken", "passed": "verified", "not shown": "not shown",
                 "skipped": "not tested"}.get(state, state)  # fmt: skip
        tone = TONES.get(state, "dim")
        requirement = known.get(name)
        text = requirement.text if requirement else "not in the list of requirements"
        who = ", ".join(_WHO.get(w, w) for w in requirement.who.split(", ")) if requirement else ""
        every = [(verdict, item) for verdict, some in found.items() for item in some]
        rows.append(
            f'<tr><th scope="row">{esc(name)}</th><td>{prose(text)}</td>'
            f"<td class='h-in'>{esc(who)}</td>"
            f"<td class='h-in'>{esc(requirement.sure if requirement else '')}</td>"
            f'<td class="h-in"><strong class="h-{tone}">{esc(words)}</strong></td>'
            f"<td>{_scenarios(every)}</td></tr>"
        )
    return (
        '<h2 id="requirements">By requirement</h2>'
        '<div class="h-scroll"><table class="h-stack h-reqs"><thead><tr>'
        '<th scope="col">ID</th><th scope="col">requirement</th><th scope="col">who</th>'
        '<th scope="col">how sure</th><th scope="col">result</th><th scope="col">scenarios</th>'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _scenarios(found: Sequence[tuple[str, Item]]) -> str:
    ordered = sorted(found, key=lambda pair: pair[0] == "passed")
    links = [_link(item, verdict) for verdict, item in ordered]
    if len(links) <= 3:
        return "<br>".join(links)
    good = sum(verdict == "passed" for verdict, _ in found)
    return (
        f"<details><summary>{good} of {len(found)} passed</summary>{'<br>'.join(links)}</details>"
    )


def _set_up(run: RunReport) -> str:
    rows = [(str(n), str(v)) for n, v in run.rig.items() if v]
    rig = _facts("Rig", [("name" if n == "name" else n, v) for n, v in rows])
    devices = "".join(
        _facts(
            f"Device {device.get('name', '')}",
            [(str(n), str(v)) for n, v in device.items() if v and n != "name"],
        )
        for device in run.identities
    )
    versions = _facts("Versions", [(n, v) for n, v in run.versions.items()])
    columns = f'<div class="h-columns">{rig}{devices}{versions}</div>'
    return f'<h2 id="set-up">What was used</h2>{columns}'


def _facts(title: str, rows: Sequence[tuple[str, str]]) -> str:
    if not rows:
        return ""
    body = "".join(
        f'<tr><th scope="row">{esc(name)}</th><td>{esc(value)}</td></tr>' for name, value in rows
    )
    return f'<table class="h-facts"><caption>{esc(title)}</caption><tbody>{body}</tbody></table>'


def _open_questions(run: RunReport) -> str:
    parts = ['<h2 id="open">What to know before you rely on it</h2>']
    if run.assumed:
        rows = "".join(
            f'<tr><th scope="row">{esc(name)}</th><td>{prose(value)}</td><td>{prose(why)}</td></tr>'
            for name, value, why in run.assumed
        )
        parts.append(
            f"<h3>Assumed</h3><p>{plural(len(run.assumed), 'value')} that the documents leave open."
            "</p><details><summary>What is assumed, and why</summary>"
            '<div class="h-scroll"><table class="h-stack"><thead><tr><th scope="col">what</th>'
            '<th scope="col">value in force</th><th scope="col">why</th></tr></thead>'
            f"<tbody>{rows}</tbody></table></div></details>"
        )
    parts.append(_contradiction())
    if run.skips:
        listed = "".join(
            f"<li>{esc(reason)}: {plural(len(found), 'scenario')}<br>"
            f"<span class='h-dim'>{esc(', '.join(item.id for item in found[:12]))}"
            f"{' …' if len(found) > 12 else ''}</span></li>"
            for reason, found in run.skips.items()
        )
        parts.append(f"<h3>Not run</h3><ul>{listed}</ul>")
    if run.unknown_commands:
        listed = "".join(
            f"<li><code>{visible(command, limit=200)}</code> <span class='h-dim'>"
            f"{esc(', '.join(dict.fromkeys(item.id for item in found)))}</span></li>"
            for command, found in run.unknown_commands.items()
        )
        parts.append(
            "<h3>Unknown AT commands</h3><p>The virtual modem does not know these and answered "
            f"ERROR; a real one may know them.</p><ul>{listed}</ul>"
        )
    return "".join(parts)


def _contradiction() -> str:
    rows = []
    for reading in READINGS:
        settings = with_reading(reading)
        moments = attempts(settings)
        rows.append(
            f'<tr><th scope="row">{esc(reading)}</th><td>{len(moments)} attempts, the last at '
            f"{span(moments[-1])}</td><td>discarded at {span(discard_after(settings))}</td></tr>"
        )
    return (
        "<h3>Contradiction in the documents</h3><p>SMS-RETRY-1 to -4 add up to 49 h 05 min, "
        "SMS-DISCARD says 48 hours. Both readings can be run; each back-off names its own.</p>"
        f'<div class="h-scroll"><table class="h-facts"><tbody>{"".join(rows)}</tbody></table></div>'
    )
