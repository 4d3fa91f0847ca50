"""HTML to the text that a reader sees, for the platforms that send posts as HTML.

Not with `html.parser`: on Python 3.11 it raises AssertionError on `<![`, and needs 10 s for 50 kB of
`<a b=`, because it looks for the end of every tag to the end of the text. Here a tag ends before
the next `<` or is none, so that time grows with length alone.
"""

import html as entities
import re
from typing import Final

_TAG: Final = re.compile(
    r"""<(?:(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*+)
    (?P<rest>(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+|[^<>]*+)
    |[!?][^<>]*+)>""",
    re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(r"""(?<![\w-])([\w-]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]++))""")
_BREAKS: Final = frozenset({"p", "div", "li", "blockquote", "pre", "h1", "h2", "h3", "br"})
_NO_LINKS: Final = frozenset({"mention", "hashtag"})


def html_to_text(html: str) -> str:
    """The visible words: a line for each paragraph and <br>, entities decoded, links as addresses.

    A link whose visible text is a shortened form of its address becomes the address; any other is
    followed by its address. Mentions and hashtags keep their words alone: a mention's address is a
    handle. Never raises; linear in the length.
    """
    if "<" not in html:
        return entities.unescape(html).strip()
    pieces: list[str] = []
    link: tuple[str, int] | None = None
    at = 0
    for tag in _TAG.finditer(html):
        pieces.append(entities.unescape(html[at : tag.start()]))
        at = tag.end()
        name = (tag["name"] or "").lower()
        if name in _BREAKS:
            pieces.append("\n")
        elif name == "a" and tag["end"]:
            _close_link(pieces, link)
            link = None
        elif name == "a":
            link = _address(tag["rest"]), len(pieces)
    pieces.append(entities.unescape(html[at:]))
    lines = "".join(pieces).split("\n")
    return "\n".join(stripped for line in lines if (stripped := line.strip()))


def _address(attributes: str) -> str:
    told = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(attributes)}
    if not _NO_LINKS.isdisjoint(told.get("class", "").split()):
        return ""
    return entities.unescape(told.get("href", ""))


def _close_link(pieces: list[str], link: tuple[str, int] | None) -> None:
    if link is None or not link[0].startswith(("http://", "https://")):
        return
    address, begins = link
    said = "".join(pieces[begins:]).strip()
    if not said.startswith(("@", "#")):
        pieces[begins:] = [address if _is_shortened(said, address) else f"{said} {address}"]


def _is_shortened(said: str, address: str) -> bool:
    """Whether the words are the address or its beginning: `example.org/long…`, `https://exam...`."""
    piece = said.rstrip("…").removesuffix("...")
    if not piece:
        return True
    return _bare(address).startswith(_bare(piece)) and (piece != said or "." in piece)


def _bare(address: str) -> str:
    _, scheme, rest = address.partition("://")
    return (rest if scheme else address).removeprefix("www.")
