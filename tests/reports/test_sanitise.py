"""Nothing in an output runs or fetches, and what was taken out is named."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.reports._sanitise import clean, removal_note

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.example/pixel.png'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<iframe src='https://evil.example'></iframe>",
    "<svg onload=alert(1)><use href='https://evil.example/a.svg#b'/></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
    "<style>@import 'https://evil.example/a.css'; p { color: red }</style>",
    "<style>p { background: u\\72l(https://evil.example/a.png) }</style>",
    "<p style='background:url(https://evil.example/a.png)'>x</p>",
    "<link rel=stylesheet href=https://evil.example/a.css>",
    "<link rel=preconnect href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example>",
    "<form action=https://evil.example><input name=q><button>go</button></form>",
    "<video poster=https://evil.example/a.png src=https://evil.example/a.mp4></video>",
    "<object data=https://evil.example></object><embed src=https://evil.example>",
    "<input type=image src=https://evil.example/a.png>",
    "<table background=https://evil.example/a.png><tr><td>1</table>",
    '<p title="<style>@import ">a</p><style>x{}</style>" onmouseover=alert(1) ',
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template shadowrootmode=open><script>alert(1)</script></template>",
    "<div data-widget='abc'></div>",
]


class Seen(HTMLParser):
    """Every element and attribute that is left."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def fetches(css):
    """Whether a browser that reads these rules, escapes and all, asks for anything but the data in them."""
    told = re.sub(r"\\([0-9a-fA-F]{1,6})\s?", lambda found: chr(int(found[1], 16)), css)
    return re.search(r"@import|image-set\(|src\(|url\((?!\s*['\"]?data:)", told, re.IGNORECASE)


def assert_inert(html):
    seen = Seen(html)
    assert not set(seen.tags) & {
        "script",
        "iframe",
        "object",
        "embed",
        "link",
        "meta",
        "base",
        "form",
        "svg",
        "template",
    }
    for tag, name, value in seen.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in {"srcset", "poster", "background", "action", "data-widget"}
        if name == "src":
            assert value.startswith("data:image/")
        if name == "href":
            assert not re.match(r"\s*(javascript|data|vbscript):", value, re.IGNORECASE)
        if name == "style":
            assert not fetches(value)
    for sheet in re.findall(r"<style>(.*?)</style>", html, re.DOTALL):
        assert not fetches(sheet)


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_html_is_inert(html):
    assert_inert(clean(html).html)


@given(st.lists(st.sampled_from([*HOSTILE, "<p>", "</p>", "<style>", "</style>", '"', "'", "<!--", "-->", "text"])))
def test_no_mixture_of_hostile_pieces_gets_through(pieces):
    assert_inert(clean("".join(pieces)).html)


def test_what_was_removed_is_said():
    cleaned = clean(
        "<script>1</script><img src=https://a.example/b.png><img src=https://a.example/c.png><b onclick=x>k</b>"
    )
    assert removal_note(cleaned.removed) == "removed: 1 event handler, 2 remote images, 1 script"
    assert removal_note(clean("<b>fine</b>").removed) == ""


def test_tables_links_and_inline_images_survive():
    html = (
        '<table class="dataframe"><tbody><tr><td colspan="2" style="color: red">1</td></tr></tbody></table>'
        '<a href="https://docs.example/x" rel="noopener noreferrer">docs</a><img src="data:image/png;base64,AAAA" alt="dot">'
    )
    assert clean(html).html == html
    assert not clean(html).removed


def test_a_pandas_style_sheet_is_kept_and_marked_for_a_shadow_root():
    cleaned = clean('<style type="text/css">#T_a td { color: teal }</style><table id="T_a"><tr><td>1</td></tr></table>')
    assert cleaned.styled
    assert cleaned.html.startswith("<style>#T_a td { color: teal }</style>")


def test_the_scoped_sheet_of_every_data_frame_is_dropped():
    assert not clean("<style scoped>\n .dataframe tbody tr th { vertical-align: top; }\n</style><table></table>").styled
