"""Where the server's processor time goes: samples of its stacks, by stage and by function."""

import collections
import os
import re
import shutil
import signal
import subprocess
import time

# A sample belongs to the first stage that its stack meets, from the innermost call outwards.
# Swift's mangled names start with the length and name of their module.
STAGES = [
    ("SQLite", re.compile(r"libsqlite3|sqlite3_|\$s\w*?11SQLiteStore|\$s\w*?4GRDB")),
    ("windowing", re.compile(r"\$s\w{0,9}?9Windowing")),
    ("decode", re.compile(r"\$s\w{0,9}?4Wire[A-Z]|\$s\w{0,9}?4Wire\d")),
    (
        "log read",
        re.compile(r"FrameDecod|FrameScan|SegmentLogC4read|TailCache|\$s\w*?8EventLog\w*?[rR]ead"),
    ),
    ("log append", re.compile(r"\$s\w{0,9}?8EventLog|\$s\w{0,9}?4Disk[A-Z0-9]")),
    ("aggregator", re.compile(r"10Aggregator|19PartitionAggregator")),
    (
        "HTTP",
        re.compile(r"\$s\w{0,9}?(11Hummingbird|15HummingbirdCore|\d+NIO|3API)|c_nio|llhttp"),
    ),
    ("ingest service", re.compile(r"\$s\w{0,9}?7Service")),
    ("kernel, network", re.compile(r"tcp_|sock_|inet_|__sys_(recv|send)|epoll|net_rx")),
]
FRAME = re.compile(r"^\s+[0-9a-f]+ (.+) \((.*)\)$")


def stage(frames):
    for symbol, module in frames:
        text = f"{symbol} {os.path.basename(module)}"
        for name, pattern in STAGES:
            if pattern.search(text):
                return name
    return "other"


class Recorder:
    """Runs `perf record` on a process until it is stopped."""

    def __init__(self, work, name):
        self.path = os.path.join(work, f"perf-{name}.data")
        self.process = None

    def record(self, pid):
        if not shutil.which("perf"):
            return
        self.process = subprocess.Popen(
            ["perf", "record", "-e", "cpu-clock", "-F", "999", "-g", "-p", str(pid),
             "-o", self.path],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.2)

    def stop(self):
        """Shares by stage, by function and by function within a stage; nil without perf."""
        if not self.process:
            return None
        # The server is gone by now, and perf ends with it.
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
        script = subprocess.Popen(
            ["perf", "script", "-i", self.path, "-F", "comm,tid,ip,sym,dso", "--no-demangle"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
        )
        by_stage = collections.Counter()
        by_function = collections.Counter()
        for frames in stacks(script.stdout):
            name = stage(frames)
            by_stage[name] += 1
            by_function[(name, frames[0][0], os.path.basename(frames[0][1]))] += 1
        script.wait()
        return by_stage, demangled(by_function.most_common(40))


def stacks(lines):
    frames = []
    for line in lines:
        match = FRAME.match(line)
        if match:
            frames.append((match.group(1), match.group(2)))
        elif frames:
            yield frames
            frames = []
    if frames:
        yield frames


def demangled(counted):
    names = [symbol for (_, symbol, _), _ in counted]
    if shutil.which("swift"):
        answer = subprocess.run(
            ["swift", "demangle", "--simplified"],
            input="\n".join(names),
            stdout=subprocess.PIPE,
            text=True,
        )
        lines = answer.stdout.splitlines()
        if len(lines) == len(names):
            names = lines
    return [
        (stage_name, name[:110], module, count)
        for ((stage_name, _, module), count), name in zip(counted, names)
    ]
