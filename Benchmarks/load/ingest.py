"""Measures the whole path from the wire to windows in SQL; `Benchmarks/ingest.sh` runs it."""

import argparse
import dataclasses
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import peers
import profile_stages
import report
from server import Server, log_bytes, memory_bytes, processor_seconds, request
from verify import Snapshot
from workload import Sender, Workload, settle

# Of event time; all series are known by then, and have been in SQL.
MARK_SECONDS = 30


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.tools = os.path.join(arguments.work, "bin")
        self.work = arguments.work
        self.report = report.Report(arguments)

    def workload(self, **changes):
        arguments = self.arguments
        base = Workload(
            devices=arguments.devices,
            sensors=arguments.sensors,
            seconds=arguments.seconds,
            connections=arguments.connections,
            ahead=4 * arguments.connections,
            shuffled=arguments.order == "shuffled",
        )
        return dataclasses.replace(base, **changes)

    def run(self, workload, rate=None, watch=None, mark=None):
        """One run against a fresh server, verified in SQL; a dictionary of what was measured.

        The clock runs from the first byte until all windows are in SQL. Of the events before
        `mark`, in seconds of event time, the processor time is measured apart.
        """
        expectation = workload.expectation(self.tools, self.work)
        folder = tempfile.mkdtemp(prefix="run-", dir=self.work)
        server = sender = None
        try:
            server = Server(
                self.arguments.binary,
                os.path.join(folder, "server"),
                self.arguments.server_core,
                workload.lateness_seconds,
                capture=self.arguments.capture,
            )
            if workload.format == "line" and not takes_lines(server.port):
                return None
            sender = Sender(
                self.tools,
                workload,
                server.port,
                self.arguments.sender_core,
                rate=rate,
                mark=mark,
            )
            settle()
            used = processor_seconds(server.pid)
            if watch:
                watch(server.pid)
            sender.start()
            marked = used
            if mark:
                sender.wait_for_mark()
                marked = processor_seconds(server.pid)
            marked -= used
            sent = sender.result()
            acknowledged = processor_seconds(server.pid) - used
            server.complete()
            stored, is_ahead = server.wait_for_windows(workload.windows)
            used = processor_seconds(server.pid) - used
            snapshot = Snapshot(server.data)
            memory = memory_bytes(server.pid)
            problems, windows = snapshot.problems(expectation)
            status = server.status()
            snapshot.close()
            late = sum(definition["late"] for definition in status["definitions"])
            if status["accepted"] != workload.events or status["duplicates"] or late:
                problems.append(
                    f"accepted {status['accepted']} of {workload.events}, "
                    f"{status['duplicates']} duplicates, {late} late"
                )
            log_size = log_bytes(os.path.join(server.data, "log"))
        finally:
            for started in (sender, server):
                if started:
                    started.kill()
            if not self.arguments.keep:
                shutil.rmtree(folder, ignore_errors=True)
        seconds = stored - sent["started"]
        later = workload.events - workload.series * (mark or 0)
        later_ns = (used - marked) / later * 1e9
        return {
            **sent,
            "seconds": seconds,
            "rate": workload.events / seconds,
            "ack_rate": workload.events / (sent["finished"] - sent["started"]),
            "processor_ns": used / workload.events * 1e9,
            "ack_processor_ns": acknowledged / workload.events * 1e9,
            "processor_share": used / seconds,
            "later_processor_ns": later_ns,
            "new_series_ns": (marked * 1e9 - later_ns * (workload.events - later))
            / workload.series,
            "windows": windows,
            "problems": problems,
            "status_is_ahead": is_ahead,
            "memory": memory,
            "log_bytes": log_size,
            "log_bytes_per_batch": log_size / sent["batches"],
            "body_bytes_per_event": sent["bytes"] / workload.events,
        }

    def rounds(self, workload, mark=None):
        """The fastest of several runs: neighbours on the machine only ever slow one down."""
        results = []
        for round in range(self.arguments.rounds):
            result = self.run(workload, mark=mark)
            if result is None:
                return None
            self.report.say_run(workload, round, result)
            results.append(result)
        best = max(results, key=lambda result: result["rate"])
        best["median_rate"] = statistics.median(result["rate"] for result in results)
        best["problems"] = [problem for result in results for problem in result["problems"]]
        return best

    def throughput(self, formats=None):
        for format in formats or self.arguments.formats:
            workload = self.workload(format=format)
            self.report.add_throughput(workload, self.rounds(workload))

    def latency(self):
        """Acknowledgements at half the rate, and what a durable append costs on the disk.

        The first fifty seconds of the events do not count: they bring the series.
        """
        full = self.report.best("ndjson") or self.rounds(self.workload())
        rate = full["rate"] / 2
        # Whole windows.
        seconds = rate * self.arguments.latency_seconds / self.workload().series
        seconds = max(100, round(seconds / 10) * 10)
        bytes_per_batch = max(1, round(full["log_bytes_per_batch"]))
        for round_number in range(self.arguments.rounds):
            before = self.bare_fsync(bytes_per_batch)
            result = self.run(self.workload(seconds=seconds, connections=64, ahead=256), rate=rate)
            after = self.bare_fsync(bytes_per_batch)
            self.report.add_latency(rate, result, [before, after], bytes_per_batch)

    def bare_fsync(self, size):
        path = os.path.join(self.work, "fsync.bin")
        words = [os.path.join(self.tools, "fsync-rate"), path, str(size), "3"]
        settle(0.2)
        return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)

    def scale(self):
        """The cost of an event with ever more series, and of a series that is new.

        The first thirty seconds of the events bring the series and their first windows. What is
        after them, with four windows for thirty seconds, is the cost of an event.
        """
        for series in self.arguments.series:
            sensors = min(10, series)
            # Enough events to last some seconds, whole windows, and few enough for memory.
            seconds = max(2 * MARK_SECONDS, min(8000, round(8_000_000 / series / 10) * 10))
            workload = self.workload(
                devices=series // sensors, sensors=sensors, seconds=seconds
            )
            self.report.add_scale(workload, self.rounds(workload, mark=MARK_SECONDS))

    def peers(self):
        if not self.report.best("ndjson"):
            self.throughput(["ndjson"])
        for peer in peers.ALL:
            self.report.add_peer(peer.run(self))

    def profile(self):
        for format in self.arguments.formats:
            stages = profile_stages.Recorder(self.work, format)
            result = self.run(self.workload(format=format), watch=stages.record)
            self.report.add_profile(format, result, stages.stop())


def takes_lines(port):
    """Whether the server has the write path of InfluxDB."""
    return request(port, "POST", "/api/v2/write?precision=ms")[0] != 404


def parse():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(prog="Benchmarks/ingest.sh", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        default=["throughput"],
        help="throughput, latency, scale, peers, profile, or all",
    )
    parser.add_argument("--binary", required=True, help="a release build of fleetscore")
    parser.add_argument("--work", default=os.path.join(here, "..", ".build-ingest"))
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the peers")
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--sensors", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=120, help="event-time seconds")
    parser.add_argument("--formats", default="ndjson,line,csv", type=lambda t: t.split(","))
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--order", choices=["shuffled", "steady"], default="shuffled")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-capture", dest="capture", action="store_false")
    parser.add_argument("--latency-seconds", type=float, default=20)
    parser.add_argument(
        "--series",
        default="1000,10000,100000,1000000",
        type=lambda text: [int(word) for word in text.split(",")],
    )
    parser.add_argument("--peer-seconds", type=int, default=20, help="event time for the slowest")
    parser.add_argument("--peer-limit", type=float, default=600, help="seconds for a peer")
    parser.add_argument("--server-core", type=int, default=(os.cpu_count() or 2) - 1)
    parser.add_argument("--sender-core", type=int, default=0)
    parser.add_argument("--markdown", help="where the section for results.md is written")
    parser.add_argument("--keep", action="store_true", help="keep the data folders")
    return parser.parse_args()


def main():
    arguments = parse()
    arguments.work = os.path.abspath(arguments.work)
    arguments.binary = os.path.abspath(arguments.binary)
    known = ["throughput", "latency", "scale", "peers", "profile"]
    parts = known[:-1] if "all" in arguments.parts else arguments.parts
    for part in parts:
        if part not in known:
            sys.exit(f"ingest: there is no part {part}; there are {', '.join(known)}")
    bench = Bench(arguments)
    # Who is asked to stop ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # The driver itself stays off the server's core.
    os.sched_setaffinity(0, {arguments.sender_core})
    for part in parts:
        try:
            getattr(bench, part)()
        except RuntimeError as error:
            bench.report.add_failure(part, error)
    bench.report.finish()
    sys.exit(1 if bench.report.failed else 0)


if __name__ == "__main__":
    main()
