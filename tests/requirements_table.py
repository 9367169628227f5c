"""Prints which requirement is covered by which marked acceptance test: ``python -m tests.requirements_table``.

Titles come from the requirements document where it lies beside the checkout; without it only the marked IDs are listed.
``--json`` prints one JSON document; ``--missing`` only what this release still owes (exit 4 while something is owed).
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent
ROW = re.compile(r"^\| ([A-Z]{1,2}\d{2}) \| ([^|]+) \|", re.MULTILINE)
# What this release promises; ranges are inclusive.
RELEASE = """
O17 R01 R02 R04 R07-R13 HZ07 HZ11 HZ29
A01-A09 A11-A16 A18 A19-A24 B01-B12 B14 C01-C09 C13 C15 D23 D24 E01-E07 E10-E14 F01-F03 F05 F06 F10 G01 H01-H05 H19
H20 R03 R05 R06 T06-T08 U07 U08 U13 U15 V05 V07 W01-W12 W17-W19 X01-X10 X12 X13 X16 X17 X21 HZ01 HZ03 HZ05 HZ13 HZ15
HZ17 HZ19 HZ20 HZ26
B13 H16 H17 J16 K01-K15 K17 L01-L07 X18 HZ06 HZ08 HZ27
F04 F07 F08 F11 M01-M04 M06 HZ09
A10 C12 E12 F09 G13 K16 N01-N13 Q16 Q20 T02 T05
G02-G11 G13 G17-G19 H18 O11 R17 Q23 X23 HZ28 HZ30 HZ31 DIS06-DIS08
H07 H14 X14 X15
A10 J15 J18 O01-O04 O07-O10 O12-O16 O18-O21 Q18 Q19 Q21 Q22 T01 V01 V02 W20 X24 HZ14 HZ36
D20 I08 I09 C10 M07-M09
I15 J01-J14 J17 J20 J21 K18 HZ22 HZ23
C11 C14 D18-D21 I01-I08 I10 I11 I14 I16-I20 J19 V03 V04 V06
D21 E08 E09 I01 I12-I14 HZ35
"""


class Mark(NamedTuple):
    """One test that covers a requirement."""

    requirement: str
    test: str


def release_ids() -> tuple[str, ...]:
    """Every ID of ``RELEASE`` with its ranges written out."""
    found: list[str] = []
    for word in RELEASE.split():
        first, _, last = word.partition("-")
        area, start = re.match(r"([A-Z]+)(\d+)", first).groups()  # type: ignore[union-attr]
        stop = int(re.sub(r"\D", "", last)) if last else int(start)
        found += [f"{area}{number:02d}" for number in range(int(start), stop + 1)]
    return tuple(found)


def marks() -> list[Mark]:
    """Every ``pytest.mark.req(...)`` in the tests: on a function, a class, a parameter or a whole module."""
    found = []
    for path in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        place = path.relative_to(TESTS.parent).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for mark in node.decorator_list:
                    found += [Mark(name, f"{place}::{node.name}") for name in ids_in(mark)]
        for node in tree.body:
            if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "pytestmark" for t in node.targets):
                found += [Mark(name, place) for name in ids_in(node.value)]
    return list(dict.fromkeys(found))


def ids_in(node: ast.expr) -> Iterator[str]:
    """Arguments of every ``...mark.req(...)`` call inside an expression."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("mark.req"):
            yield from (str(one.value) for one in call.args if isinstance(one, ast.Constant))


def titles() -> dict[str, str]:
    """``{ID: title}`` of the requirements document, empty where it is not beside this checkout."""
    for folder in TESTS.parents:
        document = folder / "shared" / "spec" / "REQUIREMENTS.md"
        if document.is_file():
            return {name: title.strip() for name, title in ROW.findall(document.read_text("utf-8"))}
    return {}


def table() -> dict[str, dict[str, object]]:
    """``{ID: {title, tests, release}}`` of every known ID."""
    named, promised = titles(), set(release_ids())
    covered: dict[str, list[str]] = {}
    for mark in marks():
        covered.setdefault(mark.requirement, []).append(mark.test)
    every = [*named, *sorted((set(covered) | promised) - set(named))]
    return {
        name: {"title": named.get(name, ""), "tests": covered.get(name, []), "release": name in promised}
        for name in every
    }


def main() -> int:
    """Prints the table; exit 4 when ``--missing`` finds something."""
    parser = argparse.ArgumentParser(prog="make requirements")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--missing", action="store_true", help="only what this release still owes")
    options = parser.parse_args()
    rows = table()
    owed = [name for name, row in rows.items() if row["release"] and not row["tests"]]
    done = [name for name, row in rows.items() if row["tests"]]
    if options.json:
        print(json.dumps({"requirements": rows, "covered": done, "owed": owed}, indent=2))
        return 4 if options.missing and owed else 0
    if not titles():
        print("REQUIREMENTS.md is not beside this checkout: IDs only, without titles.")
    for name, row in rows.items():
        tests = row["tests"]
        if not options.missing and tests:
            print(f"{name:5} covered  {row['title']}")
            for test in tests:  # type: ignore[attr-defined]
                print(f"               {test}")
    print(f"\nOwed in this release ({len(owed)} of {len(release_ids())}):")
    for name in owed:
        print(f"{name:5} owed     {rows[name]['title']}")
    later = sum(1 for row in rows.values() if not row["tests"] and not row["release"])
    print(f"\ncovered {len(done)}, owed {len(owed)}, of later releases {later}")
    return 4 if options.missing and owed else 0


if __name__ == "__main__":
    sys.exit(main())
