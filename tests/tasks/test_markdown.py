"""What a tag says is shown and never read as Markdown; markdown-it is the reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tasks.markdown import code_span, escape_markdown

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HOSTILE = [
    "[click](javascript:alert(1))",
    "![pic](http://127.0.0.1/x.png)",
    "<img src=x onerror=alert(1)>",
    "<http://127.0.0.1>",
    "a | b",
    "# heading",
    "- item",
    "1. item",
    "**bold** _it_ ~~gone~~",
    "`code` ``more``",
    "&lt;b&gt;",
    "[x]: http://127.0.0.1",
    "line\n\n# heading",
    "\\[half](x)",
]
SAID = st.text(alphabet="[]()<>`*_#|\\!&-+.:/ ab1~\n", max_size=30)


def read(text: str) -> tuple[set[str], str]:
    """Types of all tokens, and the text that a person sees."""
    inline = [t for t in READER.parse(f"x {text} x") if t.type == "inline"]
    children = [child for token in inline for child in token.children or []]
    return {child.type for child in children}, "".join(child.content for child in children)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmful_where_it_is_not_escaped_and_plain_where_it_is(text: str) -> None:
    kinds, shown = read(escape_markdown(text))
    assert kinds <= {"text", "text_special"}
    assert shown == f"x {' '.join(text.split())} x"


@given(SAID)
def test_any_text_is_shown_as_it_is(text: str) -> None:
    line = " ".join(text.split())
    kinds, shown = read(escape_markdown(text))
    assert kinds <= {"text", "text_special"}
    assert shown == " ".join(f"x {line} x".split()) or not line


@given(SAID)
def test_any_text_is_one_code_span(text: str) -> None:
    line = " ".join(text.split())
    if line:
        kinds, shown = read(code_span(text))
        assert kinds == {"text", "code_inline"}
        assert shown == f"x {line} x"


def test_a_cell_of_a_table_stays_one_cell() -> None:
    table = f"| title |\n|---|\n| {escape_markdown('a | b | <b>c')} |\n"
    cells = [t for t in READER.parse(table) if t.type == "td_open"]
    assert len(cells) == 1
