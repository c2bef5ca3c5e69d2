"""Prints what was measured as it comes, and writes it as a section for results.md."""

import os
import platform
import shlex
import sys


def millions(rate):
    return f"{rate / 1e6:.2f} M" if rate >= 1e5 else f"{rate / 1e3:.1f} k"


def mebibytes(count):
    return f"{count / (1 << 20):,.0f} MiB"


def machine():
    name = platform.machine()
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    return f"{os.cpu_count()} cores ({name}), {file_system()}"


def file_system(path="."):
    """The file system of a folder; an fsync on a tmpfs would mean nothing."""
    best = ("", "unknown")
    with open("/proc/mounts") as file:
        for line in file:
            device, mount, kind = line.split()[:3]
            if os.path.abspath(path).startswith(mount) and len(mount) >= len(best[0]):
                best = (mount, f"{kind} on {os.path.basename(device)}")
    return best[1]


class Table:
    def __init__(self, title, *head):
        self.title, self.head, self.rows, self.notes = title, head, [], []

    def markdown(self):
        lines = [f"### {self.title}", ""]
        lines.append("| " + " | ".join(self.head) + " |")
        lines.append("|" + " --- |" * len(self.head))
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines + ([""] + self.notes if self.notes else []))

    def text(self):
        rows = [self.head, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.head))]
        lines = [self.title]
        for row in rows:
            cells = [
                cell.ljust(width) if i == 0 or row[i][:1] == "`" else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths))
            ]
            lines.append("  " + "  ".join(cells).rstrip())
        return "\n".join(lines + ["  " + note for note in self.notes])


class Report:
    def __init__(self, arguments):
        self.arguments = arguments
        self.failed = False
        self.bests = {}
        self.load = os.getloadavg()[0]
        self.tables = {}
        self.failures = []

    def table(self, title, *head):
        return self.tables.setdefault(title, Table(title, *head))

    def best(self, format):
        return self.bests.get(format)

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def say_run(self, workload, number, result):
        verdict = "verified" if not result["problems"] else f"WRONG: {result['problems'][:3]}"
        self.say(
            f"  {workload.format} {workload.series:,} series, run {number + 1}: "
            f"{millions(result['rate'])} events/s into SQL, {millions(result['ack_rate'])} "
            f"acknowledged, {result['processor_ns']:.0f} ns/event of the server "
            f"({result['processor_share']:.0%} of its core), "
            f"{result['made_ns']:.0f} of the sender to make one, "
            f"429s {result['retries']}, {verdict}"
            + (", STATUS AHEAD: /v1/status counted windows that SQL did not hold yet"
               if result["status_is_ahead"] else "")
        )

    def check(self, result):
        if result["problems"]:
            self.failed = True
            self.failures += result["problems"][:5]
        return "yes" if not result["problems"] else "NO"

    def add_throughput(self, workload, result):
        table = self.table(
            f"Whole path, {workload.series:,} series, {workload.events:,} events, "
            f"{workload.windows:,} windows",
            "format", "events/s into SQL", "median", "acknowledged/s", "ns/event, server",
            "core used", "B/event", "ns to make one", "verified",
        )
        if result is None:
            table.rows.append([workload.format, "SKIPPED: not in this server"] + ["-"] * 7)
            return
        self.bests[workload.format] = result
        table.rows.append([
            workload.format, millions(result["rate"]), millions(result["median_rate"]),
            millions(result["ack_rate"]), f"{result['processor_ns']:.0f}",
            f"{result['processor_share']:.0%}", f"{result['body_bytes_per_event']:.0f}",
            f"{result['made_ns']:.0f}", self.check(result),
        ])

    def add_latency(self, rate, result, fsyncs, size):
        table = self.table(
            f"Acknowledgement at {millions(rate)} events/s (half load), and a bare append of "
            f"{size:,} bytes with fdatasync",
            "p50", "p99", "p99.9", "bare p50", "bare p99", "bare p99.9", "p99 / bare p99", "bound",
            "verified",
        )
        # Before and after, the quicker of the two: a neighbour's writes are no excuse.
        bare = min(fsyncs, key=lambda fsync: fsync["p99_ms"])
        bound = max(20, 3 * bare["p99_ms"])
        met = "met" if result["p99_ms"] <= bound else "MISSED"
        table.rows.append(
            [f"{result[name]:.2f} ms" for name in ("p50_ms", "p99_ms", "p999_ms")]
            + [f"{bare[name]:.2f} ms" for name in ("p50_ms", "p99_ms", "p999_ms")]
            + [f"{result['p99_ms'] / bare['p99_ms']:.1f}", f"{bound:.0f} ms {met}"]
            + [self.check(result)]
        )
        self.say("  " + "  ".join(table.rows[-1]))

    def add_scale(self, workload, result):
        table = self.table(
            "Cost of an event by the number of series",
            "series", "events", "events/s into SQL", "ns/event, series known", "ratio",
            "ns/new series", "ns/event, whole run", "ratio of whole runs", "peak RSS",
            "anonymous at the end", "verified",
        )
        self.scale_base = getattr(self, "scale_base", None) or result
        known, whole = (
            result[name] / self.scale_base[name]
            for name in ("later_processor_ns", "processor_ns")
        )
        # The clock of processor time is too coarse for the newness of a few series.
        new = f"{result['new_series_ns']:,.0f}" if workload.series >= 100_000 else "-"
        table.rows.append([
            f"{workload.series:,}", f"{workload.events:,}", millions(result["rate"]),
            f"{result['later_processor_ns']:.0f}", f"{known:.2f}", new,
            f"{result['processor_ns']:.0f}", f"{whole:.2f}",
            mebibytes(result["memory"]["VmHWM"]), mebibytes(result["memory"]["RssAnon"]),
            self.check(result),
        ])

    def add_peer(self, peer):
        table = self.table(
            "Peers on the same core, the same events",
            "peer", "events", "events/s", "ns/event", "fleetscore is", "by processor time",
            "verified",
        )
        if peer.skipped:
            table.rows.append([peer.name, "-", "SKIPPED"] + ["-"] * 4)
            table.notes.append(f"{peer.name}: skipped, {peer.skipped}.")
            self.say(f"  {peer.name}: SKIPPED: {peer.skipped}")
            return
        ours = self.best(peer.format) or self.best("ndjson")
        ratios = [ours["rate"] / peer.rate, peer.processor_ns / ours["processor_ns"]]
        table.rows.append([
            peer.name, f"{peer.events:,}", millions(peer.rate), f"{peer.processor_ns:,.0f}",
            *[f"{ratio:.1f} times" for ratio in ratios], peer.verified,
        ])
        table.notes.append(f"{peer.name}: {peer.what}.")
        self.say("  " + "  ".join(table.rows[-1][:7]))

    def add_profile(self, format, result, shares):
        if result is None:
            self.say(f"  SKIPPED: {format} is not in this server")
            return
        if not shares or not shares[0]:
            self.say("  SKIPPED: perf is not here, or took no sample")
            return
        by_stage, functions = shares
        total = sum(by_stage.values())
        cost = result["processor_ns"]
        stages = self.table(f"Stages, {format}", "stage", "share", "ns/event")
        for name, count in by_stage.most_common():
            stages.rows.append([name, f"{count / total:.1%}", f"{count / total * cost:.0f}"])
        top = self.table(f"Functions, {format}", "share", "stage", "module", "function")
        for name, function, module, count in functions:
            top.rows.append([f"{count / total:.1%}", name, module, f"`{function}`"])

    def add_failure(self, part, error):
        self.failed = True
        self.failures.append(f"{part}: {error}")
        self.say(f"  FAILED: {part}: {error}")

    def finish(self):
        arguments = self.arguments
        command = "Benchmarks/ingest.sh " + shlex.join(public_arguments(sys.argv[1:]))
        about = (
            f"{machine()}, load average {self.load:.1f} before; server on core "
            f"{arguments.server_core}, sender on core {arguments.sender_core}; "
            f"{arguments.connections} connections, batches of 1,000, series {arguments.order}; "
            f"best of {arguments.rounds}"
        )
        for table in self.tables.values():
            print(table.text(), end="\n\n")
        print(about)
        for failure in self.failures:
            print(f"FAILED: {failure}")
        if arguments.markdown:
            with open(arguments.markdown, "w") as file:
                title = "## Ingest: from the wire to windows in SQL"
                file.write(f"{title}\n\n`{command}`\n\n{about}.\n")
                for table in self.tables.values():
                    file.write("\n" + table.markdown() + "\n")


def public_arguments(words):
    """The command without the paths of this machine, which the script adds."""
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("--binary", "--work", "--python", "--markdown"):
            skip = True
        else:
            kept.append(word)
    return kept
