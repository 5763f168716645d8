"""Mappings, the endpoints between which they move data, and what has to run first: as Mermaid or as an SVG picture."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from etl.reporting.values import clean, width


@dataclass(frozen=True, slots=True)
class Flow:
    """One mapping: `source` and `target` as `connection.endpoint`; `needs`: mappings that run before it."""

    name: str
    source: str
    target: str
    needs: frozenset[str] = frozenset()


def mermaid(flows: Sequence[Flow]) -> str:
    """A Mermaid flowchart, as code hosting draws it."""
    names = _nodes(flows)
    lines = ["flowchart LR"]
    lines += [f'  {names["end", end]}[("{_mermaid(end)}")]' for end in _ends(flows)]
    lines += [f'  {names["flow", flow.name]}["{_mermaid(flow.name)}"]' for flow in flows]
    for flow in flows:
        this = names["flow", flow.name]
        lines.append(f"  {names['end', flow.source]} --> {this} --> {names['end', flow.target]}")
        lines += [f"  {names['flow', need]} -. first .-> {this}" for need in _needs(flow, flows)]
    return "\n".join(lines) + "\n"


def _nodes(flows: Sequence[Flow]) -> dict[tuple[str, str], str]:
    ends = {("end", end): f"e{number}" for number, end in enumerate(_ends(flows))}
    return ends | {("flow", flow.name): f"m{number}" for number, flow in enumerate(flows)}


def _ends(flows: Sequence[Flow]) -> list[str]:
    return list(dict.fromkeys(end for flow in flows for end in (flow.source, flow.target)))


def _needs(flow: Flow, flows: Sequence[Flow]) -> list[str]:
    return sorted(flow.needs & {other.name for other in flows})


def _mermaid(text: str) -> str:
    return html.escape(clean(text)).replace("#", "&num;")


ROW: Final = 56
BOX: Final = 32
LETTER: Final = 8
MARGIN: Final = 16
GAP: Final = 90


@dataclass(frozen=True, slots=True)
class _Box:
    x: int
    y: int
    width: int

    @property
    def middle(self) -> int:
        return self.y + BOX // 2


def svg(flows: Sequence[Flow]) -> str:
    """Three columns: sources, mappings in their order from top to bottom, targets. What runs first is dashed."""
    columns = [
        list(dict.fromkeys(flow.source for flow in flows)),
        [flow.name for flow in flows],
        list(dict.fromkeys(flow.target for flow in flows)),
    ]
    sources, mappings, targets = _placed(columns)
    lines = [*_arrows(flows, sources, mappings, targets)]
    for boxes, kind in ((sources, "end"), (mappings, "mapping"), (targets, "end")):
        lines += [_drawn(name, box, kind) for name, box in boxes.items()]
    last = max((box.x + box.width for box in targets.values()), default=0)
    height = MARGIN * 2 + ROW * max((len(column) for column in columns), default=0)
    return _page(lines, last + MARGIN, height, [flow.name for flow in flows])


def _placed(columns: Sequence[Sequence[str]]) -> list[dict[str, _Box]]:
    placed = []
    x = MARGIN
    for column in columns:
        widest = max((width(clean(name)) for name in column), default=0) * LETTER + 24
        placed.append({name: _Box(x, MARGIN + row * ROW, widest) for row, name in enumerate(column)})
        x += widest + GAP
    return placed


def _arrows(
    flows: Sequence[Flow], sources: Mapping[str, _Box], mappings: Mapping[str, _Box], targets: Mapping[str, _Box]
) -> Iterator[str]:
    for flow in flows:
        this = mappings[flow.name]
        yield _line(sources[flow.source], this)
        yield _line(this, targets[flow.target])
        for need in _needs(flow, flows):
            first, x = mappings[need], this.x
            path = f"M{x} {first.middle} C{x - 40} {first.middle} {x - 40} {this.middle} {x} {this.middle}"
            yield f'<path class="first" d="{path}"/>'


def _line(left: _Box, right: _Box) -> str:
    start, half = left.x + left.width, (left.x + left.width + right.x) // 2
    curve = f"M{start} {left.middle} C{half} {left.middle} {half} {right.middle} {right.x} {right.middle}"
    return f'<path class="flow" d="{curve}"/>'


def _drawn(name: str, box: _Box, kind: str) -> str:
    rounded = 4 if kind == "mapping" else BOX // 2
    text = f'<text x="{box.x + box.width // 2}" y="{box.middle}">{html.escape(clean(name))}</text>'
    rect = f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{BOX}" rx="{rounded}"/>'
    return f'<g class="{kind}">{rect}{text}</g>'


_STYLE: Final = """
svg { font: 14px ui-monospace, monospace; color-scheme: light dark; }
text { text-anchor: middle; dominant-baseline: central; fill: #222; }
rect { fill: #eef3fb; stroke: #4a6fa5; } .mapping rect { fill: #fff7e0; stroke: #a5804a; }
path { fill: none; stroke: #777; stroke-width: 1.5; marker-end: url(#arrow); } .first { stroke-dasharray: 4 3; }
""".strip()


def _page(lines: Sequence[str], wide: int, high: int, names: Sequence[str]) -> str:
    arrow = (
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" style="fill:#777;stroke:none"/></marker></defs>'
    )
    about = html.escape(clean(", ".join(names)))
    size = f'viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    body = "\n".join(lines)
    return f"{head}\n<title>Mappings: {about}</title>\n<style>{_STYLE}</style>\n{arrow}\n{body}\n</svg>\n"
