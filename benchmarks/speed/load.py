"""The load generator as a process of its own: reads what to do as JSON, writes the latencies as JSON."""

import asyncio
import base64
import json
import sys

import uvloop

from benchmarks.speed.client import Load, LoadError, drive


def main() -> int:
    """Read a load from standard input, drive it, and print `{"latencies": [...]}` or `{"error": ...}`."""
    fields = json.load(sys.stdin)
    fields["request"] = base64.b64decode(fields["request"])
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            json.dump({"latencies": runner.run(drive(Load(**fields)))}, sys.stdout)
    except (LoadError, OSError) as error:
        json.dump({"error": str(error)}, sys.stdout)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
