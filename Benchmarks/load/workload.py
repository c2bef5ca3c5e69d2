"""The events of a run, and the program that sends them."""

import dataclasses
import json
import math
import os
import subprocess
import time

WINDOW_SECONDS = 10
# 2026-01-01T00:00:00Z: a past whose windows only the data closes.
START = 1_767_225_600
TYPES = {"ndjson": "application/x-ndjson", "line": "text/plain; charset=utf-8", "csv": "text/csv"}
PATHS = {"ndjson": "/v1/events", "line": "/api/v2/write?precision=ms", "csv": "/v1/events"}


@dataclasses.dataclass(frozen=True)
class Workload:
    devices: int = 10_000
    sensors: int = 10
    seconds: int = 60
    batch: int = 1000
    format: str = "ndjson"
    shuffled: bool = True
    connections: int = 16
    ahead: int = 64

    @property
    def series(self):
        return self.devices * self.sensors

    @property
    def events(self):
        return self.series * self.seconds

    @property
    def windows(self):
        return self.series * math.ceil(self.seconds / WINDOW_SECONDS)

    @property
    def lateness_seconds(self):
        """How much older than the newest event an event can be when it arrives.

        Batches are sent in order over several connections, so the server can see them in another
        order: at most `ahead` batches apart.
        """
        return math.ceil(self.ahead * self.batch / self.series) + 1

    def arguments(self):
        words = ["--start", str(START)]
        for name in ("devices", "sensors", "seconds", "batch", "format"):
            words += [f"--{name}", str(getattr(self, name))]
        return words + (["--shuffled"] if self.shuffled else [])

    def expectation(self, tools, work):
        """The file of what SQL must hold, made once for the plan."""
        path = os.path.join(work, f"expect-{self.devices}-{self.sensors}-{self.seconds}.csv")
        if not os.path.exists(path):
            load = os.path.join(tools, "load")
            subprocess.run(
                [load, "expect", *self.arguments(), "--out", path + ".part"], check=True
            )
            os.rename(path + ".part", path)
        return path

    def file(self, tools, work):
        """The events as one file, for programs that read files; written each time, so cached."""
        path = os.path.join(work, f"events.{self.format}")
        load = os.path.join(tools, "load")
        subprocess.run([load, "file", *self.arguments(), "--out", path], check=True)
        return path


class Sender:
    """The sending program with all bodies in memory, waiting for the word."""

    def __init__(
        self, tools, workload, port, core, path=None, type=None, rate=None, mark=None
    ):
        words = ["taskset", "-c", str(core), os.path.join(tools, "load")]
        words += ["paced", "--rate", str(rate)] if rate else ["send"]
        words += workload.arguments()
        words += ["--port", str(port), "--connections", str(workload.connections)]
        words += ["--ahead", str(workload.ahead)]
        words += ["--path", path or PATHS[workload.format]]
        words += ["--type", type or TYPES[workload.format]]
        words += ["--mark", str(mark)] if mark else []
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if self.process.stderr.readline().strip() != "ready":
            raise RuntimeError(f"the sender does not start: {self.process.stderr.read()}")

    def start(self):
        self.process.stdin.write("go\n")
        self.process.stdin.close()

    def wait_for_mark(self):
        """Returns when the events before the mark are acknowledged, or nothing more comes."""
        self.process.stderr.readline()

    def result(self):
        """What was sent and acknowledged; raises when a batch was not accepted whole."""
        text = self.process.stdout.read()
        problems = self.process.stderr.read()
        if self.process.wait() != 0:
            raise RuntimeError(f"the sender failed: {problems[-500:]}")
        result = json.loads(text)
        if result["failures"]:
            raise RuntimeError(f"{result['failures']} batches failed: {problems[:500]}")
        return result

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def settle(seconds=1.0):
    """Lets what the run before wrote reach the disk, so that runs do not pay for each other."""
    os.sync()
    time.sleep(seconds)
