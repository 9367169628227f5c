"""The words of the lexicon scorer and what they weigh, chosen for headlines of markets and companies.

In finance a word alone says little (Malo et al. 2014, "Good debt or bad debt"), so there are ``GOOD`` and ``BAD``
quantities (profit, loss), movements ``UP`` and ``DOWN``, and words that are ``FINE`` or ``GRIM`` by themselves. Weights
are ours: a half, 1 as usual, 2 for what is strong. ``gain*`` stands for every word that begins so.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def _weighed(half: str = "", one: str = "", two: str = "") -> dict[str, float]:
    """The words with their weights."""
    return {word: weight for weight, words in ((0.5, half), (1.0, one), (2.0, two)) for word in words.split()}


GOOD: Final = _words("""
profit return profits sales revenue revenues turnover earnings income margin margins ebit ebitda eps dividend
dividends orders order backlog demand output production volume volumes deliveries shipments exports growth price
prices share shares stock stocks market rate capacity traffic passengers passenger customers subscribers bookings
result results performance cash profitability productivity efficiency exchange value premium premiums deposits lending
gdp employment payrolls hiring jobs confidence sentiment activity manufacturing hashrate inflows inflow adoption index
yield liquidity surplus outlook rating target estimate estimates forecast guidance savings stake circulation
advertising utilisation utilization occupancy competitiveness position returns
""")
BAD: Final = _words("""
debt loss losses cost costs expense expenses debts unemployment jobless deficit layoffs defaults delinquencies
provisions impairment impairments writedowns write-downs liabilities gearing outflow outflows churn claims
bankruptcies foreclosures complaints emissions risk risks fees
""")
WORK: Final = _words("jobs staff personnel employees employee workforce headcount workers")
"""Who is good to keep: fewer of them is bad news, more of them none."""
UP: Final = _weighed(
    one="""
strong rise* rose risen raise* raising increase* increasing grow grows grew grown growing gain gains gained gaining
climb* improve* improving up higher expand* expanding strengthen* boost* advance advances advanced jump* recover*
rebound* widen* exceed* double doubled doubles tripled accelerat* edged-up upward stronger quadrupl* lift lifts lifted
outperform*
""",
    two="""
surge* surging soar* soaring rally rallies rallied rallying rocket* skyrocket* leap* leapt spike* tripl*
""",
)
DOWN: Final = _weighed(
    one="""
fall falls fell fallen falling decrease* decreasing decline* declining drop drops dropped dropping lower lowered
lowers lowering down reduce* reducing reduction shrink* shrank shrunk slip slips slipped slipping weaken* weaker weak
dip dips dipped narrow* contracted contraction slow slows slowed slowing ease eases eased cut cuts cutting less
downward halve* worse worsen* deteriorat* sag* slide slides slid sliding retreat* sink sinks sank axe axes axed axing
shed sheds trim trims trimmed lose loses losing lost lag lags lagged tumble tumbles squeez*
""",
    two="""
plunge* plunging plummet* crash* collapse* collapsing tumbl* slump* nosedive* tank tanked sell-off selloff freefall
crater*
""",
)
FINE: Final = _weighed(
    half="""
chosen growth agreement agreed agrees contract signed signs launch launches launched partner* cooperat* collaborat*
selected selects choose appoint* expansion invest invests modern moderni* opportunit* solid stable reliable support
supports supported supporting approve* approval ideal bestsell* competitive brisk
""",
    one="""
good efficiency award* won win wins winning awarded secured secures positive positively favorable favourable success*
successful profitable efficient benefit benefits beneficial improvement* upbeat optimis* bullish beat beats outpace*
breakthrough upgrade* upgraded leading confident attractive pleased satisfied satisfactory progress achieve* exceeded
gainer* bull bulls adopt* buyback hawkish better healthier highest inflow* proud resume* recovery strengthening
enhance* enhanc* robust innovative easier faster cost-effective advantage best excellent great happy
""",
    two="""
record-high all-time-high bull-run outstanding milestone
""",
)
GRIM: Final = _weighed(
    half="""
concern* uncertain* caution* cautious postpone* delay delays delayed question* fine fines pressure* volatile
volatility challeng* difficult* doubt* tough temporary temporarily
""",
    one="""
bad layoff* lay-off* redundan* dismiss* terminat* closure close-down shutdown negative negatively unprofitable warn
warns warned warning miss misses missed disappoint* fear fears bearish downturn bear bears strike strikes problem*
hurt* hit suffer* unfavorable unfavourable poor poorly threat* scandal lawsuit* sues sued probe* investigat* illegal
violat* penalt* ban bans banned crackdown outage breach* recall* suspend* suspension reject* denied denies downgrade*
underperform* dispute* weakness* impair* adverse damage* staff-cut* job-cut* sanction* liquidat* burdened short-of
laid illicit scam* charge*-off laid-off worst lowest dovish outflow* stagnat* fraudster* laundering risky
""",
    two="""
defaults bankrupt* insolven* default defaulted fraud* hack hacks hacked hacker* stolen theft exploit* recession crisis
ponzi rug-pull delist* war panic*
""",
)
NEGATIONS: Final = _words("""
not no n't never without neither nor cannot hardly barely fail fails failed
""")
STRONGER: Final = _words("""
sharply significantly considerably substantially strongly clearly markedly steeply heavily dramatically well very
hugely massively record
""")
WEAKER: Final = _words("""
little slightly somewhat marginally modestly partly nearly almost mildly
""")
