"""The arrows between the parts of the package, what an import costs, and the size of a module."""

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

# Lower layers first. A part imports from lower layers and from its neighbours in the same one.
LAYERS = (
    {"errors", "metrics", "meters", "findings", "explanations", "files"},
    {"formats"},
    {"tables", "summary"},
    {"run"},
    {"zoo"},
    {"sources"},
    {"runs", "pieces", "sessions", "identity"},
    {"checks", "late"},
    {"reader"},
    {"analysis", "export"},
    {"plots", "wording"},
    {"report"},
    {"cli"},
)
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}
PUBLIC = "convlens"  # the package itself, from which only cli may take a name
FREE = {"__init__", "__main__"}
DRAWN = {("analysis", "plots")}  # a result's plot() draws itself: it reaches up when it is called
DISTILL_KNOWS = {"errors", "metrics", "files", "formats"}
MAX_LINES = 300
HEAVY = {"scipy", "ruptures", "matplotlib", "mxnet", "gluoncv", "requests", "urllib3"}


def package_root() -> Path:
    """The folder of the package that is tested, be it the checkout's or an installed one."""
    spec = importlib.util.find_spec("convlens")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


ROOT = package_root()
MODULES = sorted(ROOT.rglob("*.py"))
PARTS = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in MODULES}


class Imports(ast.NodeVisitor):
    """Collects the parts of convlens that a module imports when it runs, with the line of each."""

    def __init__(self, package: str, parts: set[str]) -> None:
        self.package = package  # that a relative import counts from
        self.parts = parts
        self.found: list[tuple[str, int]] = []
        self.late: set[tuple[str, int]] = set()  # those inside functions, made when they are called
        self.depth = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    def visit_If(self, node: ast.If) -> None:
        """Pass over what only a type checker reads."""
        test = node.test
        name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
        for child in node.orelse if name == "TYPE_CHECKING" else [test, *node.body, *node.orelse]:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = importlib.util.resolve_name("." * node.level + (node.module or ""), self.package)
        for alias in node.names:
            submodule = base == "convlens" and alias.name in self.parts
            self._add(f"{base}.{alias.name}" if submodule else base, node.lineno)

    def _add(self, module: str, line: int) -> None:
        top, _, rest = module.partition(".")
        arrow = (rest.partition(".")[0] or PUBLIC, line)
        if top == "convlens" and arrow not in self.found:
            self.found.append(arrow)
            if self.depth:
                self.late.add(arrow)


def imports_of(source: str, package: str, parts: set[str]) -> list[tuple[str, int]]:
    visitor = Imports(package, parts)
    visitor.visit(ast.parse(source))
    return visitor.found


def allowed(part: str, imported: str, at_call_time: bool = False) -> bool:
    if part in FREE or part == imported:
        return True
    if (part, imported) in DRAWN and at_call_time:
        return True
    if part == "distill":
        return imported in DISTILL_KNOWS
    if imported in {"distill", PUBLIC}:
        return part == "cli"
    return RANK.get(imported, len(LAYERS)) <= RANK.get(part, -1)


def arrows() -> Iterator[tuple[str, str, str, bool]]:
    """Every import inside the package: the part, what it imports, where, and whether only when called."""
    for path in MODULES:
        relative = path.relative_to(ROOT)
        package = ".".join(("convlens", *relative.parts[:-1]))
        part = relative.parts[0].removesuffix(".py")
        visitor = Imports(package, PARTS)
        visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
        for imported, line in visitor.found:
            late = (imported, line) in visitor.late
            yield part, imported, f"convlens/{relative.as_posix()}:{line}", late


def test_every_part_has_its_place():
    unknown = PARTS - RANK.keys() - FREE - {"distill"}
    assert not unknown, f"say in LAYERS where these stand: {sorted(unknown)}"


def test_imports_go_one_way():
    wrong = [
        f"{where}: {part} imports {imported}"
        for part, imported, where, late in arrows()
        if not allowed(part, imported, late)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_circle_among_neighbours():
    graph: dict[str, set[str]] = {}
    for part, imported, _, late in arrows():
        drawn = (part, imported) in DRAWN and late
        if part not in FREE and imported not in {part, PUBLIC} and not drawn:
            graph.setdefault(part, set()).add(imported)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import convlens", [PUBLIC]),
        ("import convlens.run as r, numpy", ["run"]),
        ("from convlens import read_log", [PUBLIC]),
        ("from convlens import run, read_log", ["run", PUBLIC]),
        ("from convlens.formats.gluoncv import ssd, yolo3", ["formats"]),
        ("from . import base", ["formats"]),
        ("from .base import Format", ["formats"]),
        ("from .. import errors", ["errors"]),
        ("from ..run import Run", ["run"]),
        ("def f():\n    from convlens.cli import app", ["cli"]),
        ("try:\n    import convlens.plots\nexcept ImportError:\n    pass", ["plots"]),
        ("if TYPE_CHECKING:\n    from convlens.run import Run", []),
        ("if t.TYPE_CHECKING:\n    import convlens.run\nelse:\n    import convlens.cli", ["cli"]),
        ("if fast:\n    import convlens.run", ["run"]),
        ("import convlens_other, numpy.convlens", []),
    ],
)
def test_imports_are_seen(source, expected):
    parts = {"errors", "formats", "run", "plots", "cli"}
    assert [name for name, _ in imports_of(source, "convlens.formats", parts)] == expected


@pytest.mark.parametrize(
    ("part", "imported", "expected"),
    [
        ("reader", "run", True),
        ("run", "reader", False),
        ("findings", "errors", True),
        ("errors", "formats", False),
        ("distill", "formats", True),
        ("distill", "findings", False),
        ("cli", "distill", True),
        ("report", "distill", False),
        ("cli", PUBLIC, True),
        ("report", PUBLIC, False),
        ("__init__", "cli", True),
        ("cli", "not_there", False),
        ("not_there", "errors", False),
    ],
)
def test_arrows_are_judged(part, imported, expected):
    assert allowed(part, imported) is expected


@pytest.mark.parametrize("module", ["convlens", "convlens.cli.app"])
def test_an_import_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())


def test_no_module_is_long():
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    long = [f"{path.relative_to(ROOT)} ({n})" for path, n in lines.items() if n > MAX_LINES]
    assert not long, f"more than {MAX_LINES} lines, each perhaps two ideas: {', '.join(long)}"


def test_the_program_starts_without_what_its_commands_need():
    """`--help` and completion stay quick: arrays and tables are loaded by the commands that use them."""
    code = "import sys, convlens.cli.app; print(*{'numpy', 'pandas', 'convlens.run'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_detectors_log_is_read_without_the_formats_of_others():
    code = (
        "import sys; from convlens.formats import recognise; "
        "assert recognise('a.log', b'[Epoch 0] Training cost: 60.0, CrossEntropy=1.0, SmoothL1=1.0\\n'); "
        "print(*{'convlens.formats.keras', 'convlens.formats.tensorboard'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
