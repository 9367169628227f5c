"""Articles of the news: what was said of what, when it was written and when it was seen."""

from __future__ import annotations

import msgspec


class Article(msgspec.Struct, frozen=True, gc=False):
    """One article. Times are UTC nanoseconds.

    ``published`` is the article's own time, ``seen`` when this machine first had it; it counts from the later of both
    on. ``subjects`` are pairs of what it speaks of (``BTC``, ``EUR``, ``coins``) and how well, -1 to 1, by ``scorer``.
    ``title`` is untrusted text of somebody else, cleaned and cut; nothing in it is ever obeyed.
    """

    id: str
    source: str
    title: str
    published: int
    seen: int
    subjects: tuple[tuple[str, float], ...] = ()
    scorer: str = ""

    @property
    def known_at(self) -> int:
        """From when on anybody here could know of it."""
        return max(self.published, self.seen)


class NewsRead(msgspec.Struct, frozen=True, tag="news"):
    """The sources were read, and these ``articles`` were new. An input event of the engine.

    What there was from ``since`` to ``until`` is now known (for a feed both are ``ts``, for an archive its span), so
    that a day without articles can be told from a day on which nobody read.
    """

    ts: int
    since: int
    until: int
    articles: tuple[Article, ...] = ()
