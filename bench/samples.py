"""The loop of bench/programs/samples.h, for what is measured from Python."""
import time


def repeat(milliseconds, least, turn):
    took = []
    begun = last = time.perf_counter()
    while last - begun < milliseconds / 1000 or len(took) < least:
        turn()
        now = time.perf_counter()
        took.append((now - last) * 1e6)
        last = now
    took.sort()
    p50, p99 = (took[int(share * (len(took) - 1) + 0.5)] for share in (0.50, 0.99))
    print(f"{len(took)} {p50:.1f} {p99:.1f} {len(took) / (last - begun):.1f}")
