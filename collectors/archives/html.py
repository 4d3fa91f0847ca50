"""HTML to the text that a reader sees, for the platforms that send posts as HTML."""

from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = frozenset({"p", "div", "li", "blockquote", "pre", "h1", "h2", "h3"})


def html_to_text(html: str) -> str:
    """The visible words: a line for each paragraph and <br>, entities decoded, links as addresses.

    A link whose visible text is a shortened form of its address becomes the address. Never raises.
    """
    if "<" not in html and "&" not in html:
        return html.strip()
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = "".join(reader.parts).split("\n")
    return "\n".join(stripped for line in lines if (stripped := line.strip()))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS or tag == "br":
            self.parts.append("\n")
        elif tag == "a":
            self._link = (dict(attrs).get("href") or "", len(self.parts))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "a" and self._link:
            address, begins = self._link
            self._link = None
            said = "".join(self.parts[begins:]).strip()
            if address.startswith(("http://", "https://")) and not said.startswith(("@", "#")):
                self.parts[begins:] = [address if _is_shortened(said, address) else f"{said} {address}"]

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _is_shortened(said: str, address: str) -> bool:
    """Whether the words are the address, or a piece of it: `example.org/long…` or `https:&#x2F;…`."""
    piece = said.rstrip("….").removesuffix("...")
    return not piece or piece in address
