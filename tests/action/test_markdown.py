"""The step summary: what it says, that strangers cannot write in it, and that GitHub shows it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from lambda_pack.frontends.markdown_page import Page, fenced, words
from lambda_pack.frontends.markdown_report import SUMMARY_LIMIT, render_markdown, render_merged, render_refusal
from lambda_pack.model.report import Report
from tests.frontends.reports import LXML, REPORTS, package

SNAPSHOTS = Path(__file__).with_name("snapshots")
HOSTILE = (
    "</td></tr></table><img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "\n\n# heading\n\n[link](javascript:alert(1)) ![x](y)",
    "\r\r<details open>",
    "```\n````\n`````text\n</details>\n",
    "~~~\n```",
    "| a | b |\n|---|---|\n\\|",
    "@octocat #1 org/repository#2 :boom: $x$ https://evil.example www.evil.example a@evil.example",
    "&lt;b&gt; &#60;i&#62; \\<u\\>",
    "<!-- x --> --> <![CDATA[ ]]> <?php",
    "\x1b[31mred\x1b]8;;https://evil.example\x07link\x1b]8;;\x07\x00\u202eesrever\u200b",
    '"] %%{init: {"theme": "dark"}}%% : 99',
)
ALLOWED = {"h3", "h4", "p", "b", "ul", "li", "br", "code", "pre", "table", "tr", "th", "td", "details", "summary"}


def check_snapshot(name: str, text: str) -> None:
    """Whether the text is that of the file; UPDATE_SNAPSHOTS=1 writes it anew."""
    file = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS"):  # noqa: TID251  # how a developer says it to pytest
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == (file.read_text("utf-8") if file.exists() else ""), f"{name} is no longer what is said"


class Skeleton(HTMLParser):
    """Notes every tag with its attributes, and the text inside."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(f"{tag} {attrs}" if attrs else tag)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"comment {data}")

    def handle_pi(self, data: str) -> None:
        self.tags.append(f"instruction {data}")

    def handle_decl(self, decl: str) -> None:
        self.tags.append(f"declaration {decl}")

    def unknown_decl(self, data: str) -> None:
        self.tags.append(f"declaration {data}")


def rendered(markdown: str) -> Skeleton:
    """What a reader of CommonMark with GitHub's tables and links makes of it."""
    skeleton = Skeleton()
    skeleton.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))
    skeleton.close()
    return skeleton


def strangers(text: str) -> Report:
    """A report in which everything that a package or a tool can say is this text."""
    attempt = replace(LXML.attempts[0], log=text, detail=text)
    unmet = replace(LXML, reason=text, advice=(text,), attempts=(attempt,), origin=f"{text}:3")
    good, held = REPORTS["good"], REPORTS["held-back"].held_back[0]
    return replace(
        good,
        name=text,
        unmet=(unmet,),
        held_back=(replace(held, why=text, required_by=(canonicalize_name("a"),), origin=f"{text}:3"),),
        packages=tuple(replace(one, evidence=text, source=text, filename=text) for one in good.packages),
        warnings=(text,),
    )


HARMLESS = rendered(render_markdown(strangers("harmless"))).tags


@pytest.mark.parametrize("name", sorted(REPORTS.keys() - {"check"}))
def test_summary(name: str) -> None:
    check_snapshot(f"{name}.md", render_markdown(REPORTS[name]))


def test_merged_summary() -> None:
    reports = [REPORTS[name] for name in ("good", "held-back", "unmet")]

    check_snapshot("merged.md", render_merged(reports, missing=("python3.12-x86_64",)))


def test_an_empty_bundle_is_not_a_success() -> None:
    report = next(one for one in REPORTS.values() if one.archive and not one.unmet)
    assert report.archive is not None
    empty = replace(report, packages=(), layers=(), archive=replace(report.archive, entries=0))

    assert "Nothing is in this bundle." not in render_markdown(report)
    assert "<b>Nothing is in this bundle.</b> Add your code with" in render_markdown(empty)
    assert render_markdown(empty).startswith("<h3>⚠️")


def test_refusal() -> None:
    check_snapshot("refusal.md", render_refusal("the input 'runtime' is 'python2.7'", "line 1\nline 2"))


@pytest.mark.parametrize("limit", range(400, 9_000, 173))
def test_a_fold_is_whole_or_not_there(limit: int) -> None:
    report = replace(REPORTS["good"], packages=tuple(package(f"part-{number}") for number in range(60)))

    text = render_markdown(report, limit=limit)

    assert len(text.encode()) <= limit
    assert text.count("<details>") == text.count("</details>") == text.count("and 52 smaller")
    assert text.count("<table>") == text.count("</table>")
    assert ("and 52 smaller" in text) or "_Cut here" in text


def test_what_is_unmet_comes_first() -> None:
    text = render_markdown(REPORTS["unmet-allowed"])
    assert text.startswith("<h3>❌")
    assert render_markdown(REPORTS["unmet-allowed"], fails=False).startswith("<h3>⚠️")

    assert text.index("1 dependency is unmet") < text.index("SHA-256") < text.index("mermaid")


@settings(deadline=None)
@given(
    st.one_of(
        st.sampled_from(HOSTILE), st.text(min_size=1), st.lists(st.sampled_from(HOSTILE), min_size=1).map("".join)
    )
)
@example("`" * 50)
def test_strangers_cannot_add_markup(text: str) -> None:
    hostile = rendered(render_markdown(strangers(text)))

    assert [tag for tag in hostile.tags if tag.split()[0].strip("/") not in ALLOWED] == []
    assert hostile.tags == HARMLESS


@given(st.sampled_from(HOSTILE))
def test_strangers_cannot_add_markup_elsewhere(text: str) -> None:
    # Each line of a message is one of the page.
    refused, refused_harmless = (render_refusal(one, one).replace("<br>", "") for one in (text, "harmless"))
    assert rendered(refused).tags == rendered(refused_harmless).tags
    merged, harmless = (render_merged([strangers(one)], missing=(one,)) for one in (text, "harmless"))
    assert rendered(merged).tags == rendered(harmless).tags


def outside_of_code(markdown: str) -> Iterator[str]:
    """The lines of HTML, without what stands in `<code>`, where GitHub makes no links."""
    blocks = re.sub(r"^(`{3,})\w*\n.*?^\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return iter(re.sub(r"<code>.*?</code>", "", blocks).splitlines())


def test_github_makes_no_links_of_a_strangers_words() -> None:
    text = render_markdown(strangers("@octocat #1 :boom: $x$"))

    assert not [line for line in outside_of_code(text) if re.search(r"@\w|#\d|:boom:|\$x", line)]


def test_nothing_moves_the_cursor_or_turns_the_writing_round() -> None:
    text = render_markdown(strangers(HOSTILE[10]))

    assert not set("\x1b\x00\x07\u202e") & set(text)
    assert "redlink" in text


def test_labels_of_the_pie_are_closed() -> None:
    pie = re.findall(r"```mermaid\n(.*?)\n```", render_markdown(strangers(HOSTILE[11])), re.DOTALL)[0]

    assert pie.splitlines()[:2] == ["pie showData", "    title Unzipped, in MB"]
    assert all(re.fullmatch(r'    "[\w .+!=-]+" : \d+\.\d\d', line) for line in pie.splitlines()[2:])


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 40), st.sampled_from([1_000, 5_000, 20_000]), st.sampled_from(["x", "ß", "🐍"]))
def test_it_is_never_larger_than_it_may_be(count: int, limit: int, letter: str) -> None:
    attempt = replace(LXML.attempts[0], log=f"{letter * 90}\n" * 20)
    report = replace(REPORTS["good"], unmet=(replace(LXML, reason=letter * 300, attempts=(attempt,)),) * count)

    for text in (render_markdown(report, limit=limit), render_merged([report], limit=limit)):
        assert len(text.encode()) <= limit
        tags = rendered(text).tags
        assert tags.count("table") == tags.count("/table")
        assert tags.count("details") == tags.count("/details")


def test_a_cut_is_said() -> None:
    report = replace(REPORTS["good"], unmet=(LXML,) * 20_000)
    text = render_markdown(report)

    assert len(text.encode()) <= SUMMARY_LIMIT < 1_048_576
    assert "Cut here" in text
    assert re.search(r"… and \d+ more", text)
    assert "Cut here" not in render_markdown(REPORTS["good"])


def test_a_long_log_ends_with_its_end() -> None:
    text = fenced("\n".join(f"line {number}" for number in range(10_000)), most=100)

    assert text.splitlines()[:2] == ["```text", "…"]
    assert text.splitlines()[2].startswith("line 99")
    assert text.splitlines()[-2:] == ["line 9999", "```"]


def test_a_page_keeps_what_fits() -> None:
    page = Page(60, note="cut")
    page.add("a" * 20)
    page.add("b" * 100)
    page.add("c" * 20)

    assert page.text() == f"{'a' * 20}\n\n{'c' * 20}\n\ncut\n\n"


def test_words_can_be_read() -> None:
    assert words("don't  use\n<b> & co") == "don&#x27;t use &lt;b&gt; &amp; co"
