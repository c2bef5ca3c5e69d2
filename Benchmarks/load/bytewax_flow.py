"""The peer Bytewax: NDJSON file, tumbling windows of ten seconds per series, SQLite.

Environment: EVENTS, OUTPUT (a database). Run with `python -m bytewax.run`.
Written as its documentation shows it, with orjson and slots for speed. Its cost grows with keys
times batches, so a batch is a second of events: batches of 1,000 took ten times as long. The sink
commits once per batch that the engine gives it, durably.
"""

import math
import os
import sqlite3
import time
from datetime import datetime, timedelta, timezone

import bytewax.operators as op
import bytewax.operators.windowing as win
import orjson
from bytewax.connectors.files import FileSource
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, TumblingWindower
from bytewax.outputs import DynamicSink, StatelessSinkPartition

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SIZE = timedelta(seconds=10)


class Accumulator:
    __slots__ = ("count", "sum", "squares", "min", "max", "first", "last", "first_at", "last_at")

    def __init__(self):
        self.count = 0
        self.sum = self.squares = 0.0
        self.min, self.max = math.inf, -math.inf
        self.first_at = self.last_at = None


def fold(state, event):
    time, value = event
    state.count += 1
    state.sum += value
    state.squares += value * value
    if value < state.min:
        state.min = value
    if value > state.max:
        state.max = value
    if state.first_at is None or time < state.first_at:
        state.first_at, state.first = time, value
    if state.last_at is None or time >= state.last_at:
        state.last_at, state.last = time, value
    return state


def merge(left, right):
    raise RuntimeError("tumbling windows do not merge")


def parse(line):
    event = orjson.loads(line)
    key = event["device"] + "/" + event["sensor"]
    return key, (datetime.fromisoformat(event["time"]), event["value"])


class Rows(StatelessSinkPartition):
    def __init__(self):
        self.database = sqlite3.connect(os.environ["OUTPUT"], isolation_level=None)
        self.database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE windows (series TEXT, end INTEGER, count INTEGER, sum REAL, mean REAL,"
            " min REAL, max REAL, stddev REAL, first REAL, last REAL)"
        )

    def write_batch(self, items):
        rows = []
        for key, (window, state) in items:
            mean = state.sum / state.count
            spread = max(0.0, state.squares - state.count * mean * mean)
            deviation = math.sqrt(spread / (state.count - 1)) if state.count > 1 else None
            rows.append((key, (window + 1) * 10, state.count, state.sum, mean, state.min,
                         state.max, deviation, state.first, state.last))
        self.database.execute("BEGIN")
        self.database.executemany("INSERT INTO windows VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
        self.database.execute("COMMIT")

    def close(self):
        self.database.close()
        print(f"stored {time.monotonic()}", flush=True)


class Sink(DynamicSink):
    def build(self, step_id, worker_index, worker_count):
        return Rows()


clock = EventClock(
    ts_getter=lambda event: event[0],
    wait_for_system_duration=timedelta(0),
    # Event time alone: its clock would go on with the processor's and drop the rest as late.
    now_getter=lambda: EPOCH,
)
flow = Dataflow("windows")
lines = op.input("read", flow, FileSource(os.environ["EVENTS"], batch_size=100_000))
events = op.map("parse", lines, parse)
windows = win.fold_window(
    "fold", events, clock, TumblingWindower(length=SIZE, align_to=EPOCH), Accumulator, fold, merge
)
op.output("store", windows.down, Sink())
print(f"started {time.monotonic()}", flush=True)
