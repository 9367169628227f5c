"""One self-contained HTML file out of one frozen value: nothing is fetched, everything shown is in the file."""
