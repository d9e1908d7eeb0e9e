"""From exec to listening and to the first answer, and the memory of a server that nobody visits."""

from .install import say


def run(targets, lengths):
    """Starts each anew, several times; the last one stays. Sessions and what was stored outlive it."""
    measured = {}
    for target in targets:
        times = []
        for _ in range(lengths.starts):
            target.server.stop()
            times.append(target.server.start())
        target.server.wait_until_idle()
        measured[target.name] = {
            "listening_ms": [listening * 1e3 for listening, _ in times],
            "answer_ms": [answer * 1e3 for _, answer in times],
            "idle_memory": target.server.memory(),
        }
        say(f"  {target.name:22} first answer after {min(answer for _, answer in times) * 1e3:.0f} ms")
    return measured
