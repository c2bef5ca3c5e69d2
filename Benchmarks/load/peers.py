"""What users would pick instead, doing the same with the same events on the same core."""

import csv
import dataclasses
import glob
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

from server import free_port, processor_seconds, request, wait_for_health
from workload import START, Sender, settle

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclasses.dataclass
class Result:
    name: str
    what: str
    format: str = "ndjson"
    events: int = 0
    rate: float = 0
    processor_ns: float = 0
    verified: str = "-"
    skipped: str = ""


def tree_seconds(pid):
    """The processor time of a process and its children, living ones."""
    total = processor_seconds(pid)
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path) as file:
            total += sum(tree_seconds(int(child)) for child in file.read().split())
    return total


def has_module(python, module):
    words = [python, "-c", f"import {module}"]
    return subprocess.run(words, stderr=subprocess.DEVNULL).returncode == 0


def expected_totals(path):
    """Windows, events and the sum of all readings."""
    with open(path) as file:
        rows = list(csv.DictReader(file))
    return (
        sum(int(row["windows"]) for row in rows),
        sum(int(row["count"]) for row in rows),
        sum(float(row["sum"]) for row in rows),
    )


class FileProgram:
    """A peer that is a program which reads a file of events."""

    format = "ndjson"

    def command(self, python):
        raise NotImplementedError

    def totals(self, output):
        raise NotImplementedError

    def run(self, bench):
        python = bench.arguments.python
        result = Result(self.name, self.what)
        if not os.path.exists(python) or not has_module(python, self.module):
            result.skipped = f"{self.module} is not installed"
            return result
        workload = bench.workload(seconds=self.seconds(bench.arguments))
        folder = tempfile.mkdtemp(prefix="peer-", dir=bench.work)
        events = workload.file(bench.tools, folder)
        output = os.path.join(folder, "output")
        environment = {
            **os.environ, "EVENTS": events, "OUTPUT": output, "PYTHONDONTWRITEBYTECODE": "1",
        }
        settle()
        with open(os.path.join(folder, "errors"), "w+") as errors:
            process = subprocess.Popen(
                ["taskset", "-c", str(bench.arguments.server_core), *self.command(python)],
                cwd=HERE, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True,
            )
            moments, used = {}, {}
            for line in process.stdout:
                name, _, value = line.partition(" ")
                if name in ("started", "stored"):
                    moments[name] = float(value)
                    used[name] = tree_seconds(process.pid)
            if process.wait() != 0 or len(moments) < 2:
                errors.seek(0)
                result.skipped = "it fails: " + " ".join(errors.read().split())[-200:]
                shutil.rmtree(folder, ignore_errors=True)
                return result
        result.events = workload.events
        result.rate = workload.events / (moments["stored"] - moments["started"])
        result.processor_ns = (used["stored"] - used["started"]) / workload.events * 1e9
        wanted = expected_totals(workload.expectation(bench.tools, bench.work))
        found = self.totals(output)
        result.verified = "yes" if found == wanted else f"NO: {found}, expected {wanted}"
        shutil.rmtree(folder, ignore_errors=True)
        return result


class Bytewax(FileProgram):
    name, module = "Bytewax 0.21", "bytewax"
    what = "NDJSON file, fold_window, SQLite (a commit per batch)"

    def seconds(self, arguments):
        return arguments.peer_seconds

    def command(self, python):
        return [python, "-m", "bytewax.run", "bytewax_flow:flow"]

    def totals(self, output):
        with sqlite3.connect(output) as database:
            return database.execute(
                "SELECT count(*), sum(count), sum(sum) FROM windows"
            ).fetchone()


class Flink(FileProgram):
    name, module = "PyFlink 2.3", "pyflink"
    what = "NDJSON file, SQL TUMBLE, CSV files, no checkpoints"

    def seconds(self, arguments):
        # Its rate grows while the compiler warms up, so it gets more events.
        return max(60, arguments.peer_seconds)

    def command(self, python):
        return [python, "flink_job.py"]

    def totals(self, output):
        windows, events, total = 0, 0, 0.0
        for path in glob.glob(os.path.join(output, "**", "part-*"), recursive=True):
            with open(path) as file:
                for row in csv.reader(file):
                    windows += 1
                    events += int(row[3])
                    total += float(row[4])
        return windows, events, total


class Influx:
    """InfluxDB 1.x: line protocol in batches with a sync each, then the windows by query.

    A continuous query would run the same statement for each interval as it passes.
    """

    name = "InfluxDB 1.6"
    what = "line protocol over HTTP, a sync a batch; SELECT … INTO … GROUP BY time(10s), *"

    def run(self, bench):
        result = Result(self.name, self.what, format="line")
        binary = shutil.which("influxd") or shutil.which("influxd", path="/usr/sbin:/usr/bin")
        if not binary:
            result.skipped = "influxd is not installed (apt-get install influxdb)"
            return result
        folder = tempfile.mkdtemp(prefix="peer-", dir=bench.work)
        # Not beyond the event time that its slower query needs minutes for.
        workload = bench.workload(format="line", seconds=max(30, bench.arguments.peer_seconds))
        process = sender = None
        try:
            process, port = self.start(binary, folder, bench.arguments.server_core)
            self.query(port, "CREATE DATABASE bench")
            self.query(port, "CREATE RETENTION POLICY agg ON bench DURATION INF REPLICATION 1")
            sender = Sender(
                bench.tools, workload, port, bench.arguments.sender_core,
                path="/write?db=bench&precision=ms",
            )
            settle()
            used = processor_seconds(process.pid)
            sender.start()
            sent = sender.result()
            for start in range(0, workload.seconds, 10):
                self.aggregate(port, START + start)
            stored = time.monotonic()
            result.processor_ns = (processor_seconds(process.pid) - used) / workload.events * 1e9
            result.events = workload.events
            result.rate = workload.events / (stored - sent["started"])
            written = workload.events / (sent["finished"] - sent["started"])
            result.what += f"; writing alone {written / 1e6:.2f} M/s"
            found = self.totals(port)
            wanted = expected_totals(workload.expectation(bench.tools, bench.work))
            result.verified = "yes" if found == wanted else f"NO: {found}, expected {wanted}"
        except RuntimeError as error:
            result.skipped = f"it fails: {error}"
        finally:
            for started in (sender, process):
                if started:
                    started.kill()
            if process:
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)
        return result

    def start(self, binary, folder, core):
        port = free_port()
        config = os.path.join(folder, "influxdb.conf")
        with open(config, "w") as file:
            file.write(
                "reporting-disabled = true\n"
                f'bind-address = "127.0.0.1:{free_port()}"\n'
                f'[meta]\ndir = "{folder}/meta"\n'
                f'[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
                'wal-fsync-delay = "0s"\nmax-series-per-database = 0\n'
                "max-values-per-tag = 0\nquery-log-enabled = false\n"
                "cache-max-memory-size = 4294967296\n"
                f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n'
                "[monitor]\nstore-enabled = false\n[logging]\nlevel = \"error\"\n"
            )
        with open(os.path.join(folder, "influxd.log"), "w") as log:
            process = subprocess.Popen(
                ["taskset", "-c", str(core), binary, "-config", config],
                stdout=log, stderr=log,
            )
        wait_for_health(process, port, "/ping")
        return process, port

    def query(self, port, text):
        path = "/query?" + urllib.parse.urlencode({"db": "bench", "epoch": "s", "q": text})
        code, body = request(port, "POST", path, timeout=600)
        answer = json.loads(body)
        errors = [part["error"] for part in answer.get("results", [answer]) if "error" in part]
        if code != 200 or errors:
            raise RuntimeError(f"{text[:60]}: {code} {errors or body[:200]}")
        return answer["results"][0]

    def aggregate(self, port, start):
        functions = ", ".join(
            f'{name}("value") AS "{name}"'
            for name in ("count", "sum", "mean", "min", "max", "stddev", "first", "last")
        )
        self.query(
            port,
            f"SELECT {functions} INTO bench.agg.:MEASUREMENT FROM bench.autogen./.*/ "
            f"WHERE time >= {start}s AND time < {start + 10}s GROUP BY time(10s), *",
        )

    def totals(self, port):
        text = 'SELECT count("sum"), sum("count"), sum("sum") FROM bench.agg./.*/'
        answer = self.query(port, text)
        rows = [series["values"][0] for series in answer.get("series", [])]
        return (
            sum(row[1] for row in rows), sum(row[2] for row in rows), sum(row[3] for row in rows)
        )


class Telegraf:
    name, what = "Telegraf", "aggregates of the same name"

    def run(self, bench):
        return Result(self.name, self.what, skipped="not in Debian 12 nor in PyPI")


ALL = [Bytewax(), Flink(), Influx(), Telegraf()]
