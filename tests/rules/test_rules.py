"""The habits of the house, checked over the whole tree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vtonlab import errors
from vtonlab.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted((ROOT / "src" / "vtonlab").rglob("*.py"))
LIBRARY = [path for path in SOURCES if "cli" not in path.relative_to(ROOT / "src" / "vtonlab").parts]

EDGES = {
    "cli": "every command ends in a sentence and an exit code",
    "web/edge.py": "every request ends in an answer",
    "db/database.py": "what follows a commit and fails must not look as if the change had failed",
    "engines/registry.py": "other people's engines may fail in any way when they are loaded",
}
"""Where everything may be caught, and why."""

MOST_LINES = 450
MOST_LINES_OF_A_FUNCTION = 55
"""Of its body: what a command takes is not counted."""


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def handlers(path: Path) -> Iterator[ast.ExceptHandler]:
    return (node for node in ast.walk(parse(path)) if isinstance(node, ast.ExceptHandler))


def is_edge(path: Path) -> bool:
    inside = path.relative_to(ROOT / "src" / "vtonlab").as_posix()
    return any(inside == edge or inside.startswith(edge + "/") for edge in EDGES)


def test_the_library_prints_nothing() -> None:
    printed = [
        place(path, node)
        for path in LIBRARY
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printed


def test_everything_is_caught_only_at_the_edges_or_raised_on() -> None:
    def is_broad(handler: ast.ExceptHandler) -> bool:
        caught = ast.unparse(handler.type) if handler.type else "Exception"
        raised_on = isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None
        return bool(re.search(r"\b(Base)?Exception\b", caught)) and not raised_on

    broad = [place(p, handler) for p in SOURCES if not is_edge(p) for handler in handlers(p) if is_broad(handler)]
    assert not broad


def test_no_error_is_swallowed_without_a_word() -> None:
    silent = [place(p, h) for p in SOURCES for h in handlers(p) if all(isinstance(s, ast.Pass) for s in h.body)]
    assert not silent


BLOCKING = re.compile(
    r"(open|time\.sleep|requests\.\w+|httpx\.(get|post|put|delete|head|request|stream)|subprocess\.\w+|os\.fsync|"
    r"shutil\.\w+|socket\.create_connection|urllib\.request\.urlopen|.*\.(read_bytes|read_text|write_bytes|write_text))"
)
"""Calls that make everybody wait while one waits for a disk or a network."""


def own_calls(function: ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    """Calls in the body of ``function``, not in the functions it defines: those may run in a thread."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def test_nothing_asynchronous_blocks() -> None:
    blocking = [
        f"{place(path, call)} {ast.unparse(call.func)}"
        for path in SOURCES
        for function in ast.walk(parse(path))
        if isinstance(function, ast.AsyncFunctionDef)
        for call in own_calls(function)
        if BLOCKING.fullmatch(ast.unparse(call.func))
    ]
    assert not blocking


def test_only_the_database_commits() -> None:
    """What is done together is kept together: services and routes run in a transaction, they end none."""
    ending = [
        place(path, node)
        for path in SOURCES
        if path.relative_to(ROOT / "src" / "vtonlab").as_posix() not in COMMITTERS
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]
    assert not ending


COMMITTERS = {"db/database.py"}


def test_sql_is_never_put_together_from_text() -> None:
    written = [
        place(path, node)
        for path in SOURCES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call)
        and re.fullmatch(r"text|sqlalchemy.text|sa.text|.*[.]exec_driver_sql", ast.unparse(node.func))
        and node.args
        and not isinstance(node.args[0], ast.Constant | ast.IfExp)
    ]
    assert not written


def test_imports_point_down_only() -> None:
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_text_has_both_languages() -> None:
    faulty = []
    for path in SOURCES:
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
                words = [*node.args, *(keyword.value for keyword in node.keywords)]
                if len(words) != len(errors.LANGUAGES) or any(
                    isinstance(w, ast.Constant) and not w.value for w in words
                ):
                    faulty.append(place(path, node))
    assert not faulty


def every_error(kind: type[errors.VtonError] = errors.VtonError) -> Iterator[type[errors.VtonError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every_error(child)


@pytest.mark.parametrize("kind", list(every_error()), ids=lambda kind: kind.__name__)
def test_every_error_says_the_same_in_both_languages(kind: type[errors.VtonError]) -> None:
    for text in (kind.sentence, kind.hint):
        assert re.findall(r"{\w+}", text.en) or re.search("[a-z]", text.en)
        assert re.search("[\u4e00-\u9fff]", text.zh) or re.fullmatch(r"[{\w}：。:. ]+", text.zh)
        assert set(re.findall(r"{\w+}", text.en)) == set(re.findall(r"{\w+}", text.zh))


def test_error_codes_are_told_apart() -> None:
    codes = [kind.code for kind in every_error() if kind.__module__.startswith(errors.__name__)]
    assert len(codes) == len(set(codes))


def test_every_setting_is_described_and_the_reference_is_in_step() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, f"{name} has no description"
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "write_reference.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_variable_the_code_reads_is_a_setting() -> None:
    read = {name for path in SOURCES for name in re.findall(PREFIX + r"[A-Z_]*[A-Z]", path.read_text("utf-8"))}
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert read <= known


def code_blocks(readme: str) -> list[str]:
    blocks: list[str] = re.findall(r"```\w*\n(.*?)```", (ROOT / readme).read_text("utf-8"), re.DOTALL)
    # Comments and the language of the notes are the reader's own.
    return [re.sub(r"#.*|\.text\.\w+", "", block) for block in blocks]


def test_both_readmes_give_the_same_commands() -> None:
    english, chinese = code_blocks("README.md"), code_blocks("README.zh-CN.md")
    assert english == chinese
    assert english[:2] == ["make run\n", "make test\n"]


def test_the_readmes_name_only_commands_that_exist() -> None:
    from vtonlab.cli.commands import find

    for readme in ("README.md", "README.zh-CN.md"):
        for command in re.findall(r"^vtonlab ([\w-]+)", (ROOT / readme).read_text("utf-8"), re.MULTILINE):
            assert find(command), command


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda page: page.name)
def test_no_link_of_the_documents_leads_nowhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_files_and_functions_stay_short() -> None:
    long = [
        f"{p.relative_to(ROOT)}: {n} lines"
        for p in SOURCES
        if p.parent.name != "versions" and (n := len(p.read_text("utf-8").splitlines())) > MOST_LINES
    ]  # what changes tables is one list, written by scripts/write_migration.py
    for path in SOURCES:
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                lines = (node.end_lineno or 0) - first.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    long.append(f"{place(path, node)} {node.name}: {lines} lines")
    assert not long


def test_the_lock_names_no_registry_and_no_path() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert "find-links" not in lock
    dropped = ("jax", "jaxlib", "sentencepiece", "sounddevice", "opencv-contrib-python")
    assert not [name for name in dropped if re.search(rf"^{name}==", lock, re.MULTILINE)]
    pinned = len(re.findall(r"^[\w.-]+==", lock, re.MULTILINE))
    assert pinned == len(re.findall(r"^[\w.-]+==.*\n    --hash=sha256:", lock, re.MULTILINE))


def test_no_file_names_this_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    binary = {".png", ".jpg", ".webp", ".npz"}
    files = [ROOT / name for name in listed.stdout.splitlines() if Path(name).suffix not in binary]
    here = f"{ROOT}/"
    assert not [str(path) for path in files if path.is_file() and here in path.read_text("utf-8", errors="replace")]
