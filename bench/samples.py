"""The loop of bench/programs/samples.h, for what is measured from Python."""
import time


def repeat(milliseconds, least, turn, after=lambda: None):
    """`after` follows each turn and does not count."""
    took = []
    while sum(took) < milliseconds * 1000 or len(took) < least:
        begun = time.perf_counter()
        turn()
        took.append((time.perf_counter() - begun) * 1e6)
        after()
    took.sort()
    p50, p99 = (took[int(share * (len(took) - 1) + 0.5)] for share in (0.50, 0.99))
    print(f"{len(took)} {p50:.1f} {p99:.1f} {len(took) / sum(took) * 1e6:.1f}")
