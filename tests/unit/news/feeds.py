"""Feeds as publishers write them: made for the tests in the shape of RSS 2.0, RSS 1.0, Atom and JSON Feed."""

from __future__ import annotations

import json

RSS = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Wire</title><link>https://wire.example/</link>
<item><title><![CDATA[Bitcoin rallies as ETF inflows surge]]></title><link>https://wire.example/1</link>
<guid isPermaLink="false">wire-1</guid><pubDate>Fri, 05 Jan 2024 14:30:00 GMT</pubDate>
<description>&lt;p&gt;Bitcoin &lt;b&gt;gained&lt;/b&gt; sharply.&amp;nbsp;Again.&lt;/p&gt;</description></item>
<item><title>Ether &amp;amp; Solana slump</title><link>https://wire.example/2</link>
<dc:date>2024-01-05T15:00:00+01:00</dc:date><content:encoded>Falls everywhere</content:encoded></item>
</channel></rss>"""

RDF = b"""<?xml version="1.0" encoding="ISO-8859-1"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://bank.example/"><title>Bank</title></channel>
<item rdf:about="https://bank.example/a"><title>Zinsen: Euro st\xe4rker</title><link>https://bank.example/a</link>
<dc:date>2024-01-05T10:00:00Z</dc:date></item></rdf:RDF>"""

ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Desk</title>
<entry><id>tag:desk.example,2024:1</id><title type="html">Euro &lt;i&gt;falls&lt;/i&gt; against the dollar</title>
<published>2024-01-05T09:15:00Z</published><updated>2024-01-06T00:00:00Z</updated>
<summary>Payrolls beat.</summary></entry>
<entry><title>Gold slips</title><link href="https://desk.example/2"/><updated>2024-01-05T11:00:00-05:00</updated></entry>
</feed>"""

JSON = json.dumps({
    "version": "https://jsonfeed.org/version/1.1", "title": "Service",
    "items": [
        {"id": "s1", "title": "Crypto market falls", "date_published": "2024-01-05T12:00:00Z", "content_text": "Down."},
        {"id": 2, "title": "Dollar gains", "date_published": "2024-01-05T12:30:00.250Z"},
    ],
}).encode()  # fmt: skip

EVERY = {"rss": RSS, "rdf": RDF, "atom": ATOM, "json": JSON}


def rss_item(title: str, *, time: str = "Fri, 05 Jan 2024 14:30:00 GMT", key: str = "k", summary: str = "") -> bytes:
    """An RSS body with one item, its texts as they are."""
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><item><title>{title}</title><guid>{key}</guid>'
        f"<pubDate>{time}</pubDate><description>{summary}</description></item></channel></rss>"
    ).encode("utf-8", "surrogatepass")
