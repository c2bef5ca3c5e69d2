"""Compares what SQL holds with what was sent."""

import csv
import os
import sqlite3

from server import DEFINITION

# The public views, so that the check holds for any layout beneath them. The weight is that of
# `series_weight` in events.h: a reading in the window of another series changes the sum.
WINDOWS = """
    SELECT strftime('%s', window_end), count(*), sum(count), min(count), max(count), sum(sum),
      sum(min), sum(max), sum(first), sum(last), sum(stddev),
      sum(sum * (CAST(substr(device, 9) AS INTEGER) % 1009 + 31 * length(sensor)
        + unicode(substr(sensor, 2, 1)))),
      max(abs(mean - sum / count))
    FROM windows WHERE definition = ? GROUP BY window_end ORDER BY window_end
"""
VIEWS_OF_FAILURE = ["late_events", "rejected_events", "dead_letters"]


class Snapshot:
    """What windows.db holds at the moment of the call, whatever comes later."""

    def __init__(self, data):
        path = os.path.join(data, "windows.db")
        self.database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        self.database.execute("BEGIN")
        self.database.execute("SELECT 1 FROM windows LIMIT 1").fetchall()

    def problems(self, expectation):
        """What differs from the expectation, a line each; and the number of windows."""
        with open(expectation) as file:
            expected = list(csv.DictReader(file))
        found = self.database.execute(WINDOWS, (DEFINITION,)).fetchall()
        problems = []
        if [row[0] for row in found] != [row["end"] for row in expected]:
            problems.append(f"{len(found)} window ends, expected {len(expected)}")
        for row, want in zip(found, expected):
            problems += compare(row, want)
        views = {name for (name,) in self.database.execute("SELECT name FROM sqlite_master")}
        for view in VIEWS_OF_FAILURE:
            if view not in views:
                continue
            (count,) = self.database.execute(f"SELECT count(*) FROM {view}").fetchone()
            if count:
                problems.append(f"{count} rows in {view}")
        return problems, sum(row[1] for row in found)

    def close(self):
        self.database.close()


def compare(row, want):
    end, windows, count, least, most, *sums, mean_error = row
    problems = []
    if (windows, count) != (int(want["windows"]), int(want["count"])):
        problems.append(f"window {end}: {windows} windows of {count} events")
    if int(want["count"]) == 10 * int(want["windows"]) and (least, most) != (10, 10):
        problems.append(f"window {end}: {least} to {most} events a window, expected 10")
    names = ["sum", "min", "max", "first", "last", "stddev", "weighted_sum"]
    for name, value in zip(names, sums):
        target = float(want[name])
        # Readings are eighths, so their sums are exact; deviations are rounded.
        tolerance = 1e-9 * target if name == "stddev" else 0
        if value is None or abs(value - target) > tolerance:
            problems.append(f"window {end}: {name} {value}, expected {target}")
    if mean_error is None or mean_error > 1e-9:
        problems.append(f"window {end}: a mean is {mean_error} off")
    return problems
