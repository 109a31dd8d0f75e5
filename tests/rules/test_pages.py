"""The pages' own rules: nothing that their Content-Security-Policy would refuse, nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parents[2] / "frontend"
SHELLS = sorted([FRONTEND / "index.html", *(FRONTEND / "public").glob("*.html")])
COMPONENTS = sorted((FRONTEND / "src").rglob("*.vue"))
SCRIPTS = sorted(path for path in (FRONTEND / "src").rglob("*.ts") if not path.name.endswith((".d.ts", ".test.ts")))


class Tags(HTMLParser):
    """Every tag with its attributes, and what stands between script and style tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in {"script", "style"} and data.strip():
            self.inside.append(data)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda path: path.name)
def test_a_shell_has_no_script_or_style_of_its_own_and_nothing_from_elsewhere(shell: Path) -> None:
    page = Tags()
    page.feed(shell.read_text("utf-8"))
    assert not page.inside
    for tag, attributes in page.found:
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
        for name in ("src", "href"):
            assert "//" not in (attributes.get(name) or ""), tag


def code(path: Path) -> str:
    """Without comments."""
    text = re.sub(r"/\*.*?\*/|<!--.*?-->", "", path.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"(?<![:\w\"'`])//.*", "", text)


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.name)
def test_a_component_carries_no_style_attribute_and_no_style_of_its_own_in_markup(path: Path) -> None:
    """``:style`` sets properties, which is allowed; a ``style`` in markup is not."""
    template = code(path).partition("<template>")[2]
    assert not re.search(r"""\sstyle\s*=""", template)
    assert "v-html" not in template


def test_no_script_writes_markup_or_runs_text() -> None:
    writing = re.compile(r"\.(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function\(")
    assert not [path.name for path in [*SCRIPTS, *COMPONENTS] if writing.search(code(path))]


def test_nothing_is_fetched_from_elsewhere() -> None:
    """An address in the sources is a link for people to follow, never something that a page loads."""
    loading = re.compile(r"""(?:\bsrc=|fetch\(|import\(|from )\s*["'`]https?://""")
    assert not [path.name for path in [*SCRIPTS, *COMPONENTS] if loading.search(code(path))]
    styles = (FRONTEND / "src" / "styles.css").read_text("utf-8")
    assert "url(" not in styles
