"""The floors: a module imports only from floors below its own; inside a package there are no cycles."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FLOORS = {
    "errors": 0,
    "model": 0,
    "specs": 0,
    "report": 0,
    "catalogue": 1,
    "secrets": 0,
    "resources": 0,
    "keys": 1,
    "ports": 1,
    "documents": 2,
    "expressions": 2,
    "http": 2,
    "state": 2,
    "connectors": 3,
    "steps": 3,
    "mapping": 4,
    "transform": 4,
    "reading": 4,
    "checkpoints": 4,
    "settle": 4,
    "shape": 4,
    "writers": 4,
    "pipeline": 4,
    "gone": 4,
    "story": 4,
    "clock": 1,
    "durations": 0,
    "run": 5,
    "rehearse": 5,
    "coverage": 5,
    "assemble": 6,
    "reporting": 6,
    "sandbox": 6,
    "cli": 7,
    "__main__": 8,
}
"""Every part of the engine with its floor; one that is missing here fails, so that each is placed on purpose."""

VALUES = ("model", "specs", "report")
STEPS_OF_A_RECORD = (
    "transform",
    "reading",
    "checkpoints",
    "settle",
    "shape",
    "writers",
    "pipeline",
    "gone",
    "story",
)
IN_ORDER = (VALUES, STEPS_OF_A_RECORD)
"""On one floor, each of these may use those before it."""


def part(module: str) -> str:
    """`etl.http.client` → `http`; the package itself → ``."""
    return module.removeprefix("etl").lstrip(".").split(".")[0]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def modules() -> dict[str, Path]:
    return {module_name(path): path for path in sorted((ROOT / "etl").rglob("*.py"))}


def imports(path: Path, known: set[str]) -> set[str]:
    """The modules of the engine that a file imports, wherever in it the import stands, type checking left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {full if (full := f"{node.module}.{alias.name}") in known else node.module for alias in node.names}
    return {name for name in found if name == "etl" or name.startswith("etl.")}


def allowed(importer: str, imported: str) -> bool:
    if imported == importer or imported == "":
        return True
    for order in IN_ORDER:
        if importer in order and imported in order:
            return order.index(imported) < order.index(importer)
    return FLOORS[imported] < FLOORS[importer]


def test_every_part_has_a_floor() -> None:
    parts = {part(name) for name in modules()} - {""}
    assert parts == set(FLOORS)


def test_imports_go_from_the_floor_up() -> None:
    known = modules()
    wrong = [
        f"{name} imports {imported}"
        for name, path in known.items()
        if part(name)
        for imported in sorted(imports(path, set(known)))
        if not allowed(part(name), part(imported))
    ]
    assert wrong == []


def test_no_module_is_part_of_an_import_cycle() -> None:
    known = modules()
    edges = {name: imports(path, set(known)) & set(known) - {name} for name, path in known.items()}
    while leaves := {name for name, targets in edges.items() if not targets}:
        edges = {name: targets - leaves for name, targets in edges.items() if name not in leaves}
    assert sorted(edges) == []


def test_every_part_has_its_place_in_the_picture_of_the_whole() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = [name for name in FLOORS if f"`etl/{name}/`" in page or f"`etl/{name}.py`" in page]
    assert named == list(FLOORS)
