#!/usr/bin/env python3
"""hold_connections.py SOCKET COUNT STOP_FILE: that many connections that never ask anything, until
the file appears. Says "held COUNT" once all are open, at the end how many the daemon had closed.
One that was closed for having idled its minute is opened again, and does not count as closed."""
import os
import selectors
import socket
import sys
import time

IDLE_LIMIT = 60  # daemon/front/front.h, seconds
PATIENCE = 300  # whoever forgets to stop it does not keep them for ever

path, count, stop_file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
selector = selectors.DefaultSelector()
closed = 0


def open_one():
    one = socket.socket(socket.AF_UNIX)
    one.connect(path)
    selector.register(one, selectors.EVENT_READ, time.monotonic())


begun = time.monotonic()
for _ in range(count):
    open_one()
print("held", count, flush=True)

while not os.path.exists(stop_file) and time.monotonic() - begun < PATIENCE:
    for key, _ in selector.select(timeout=0.05):
        selector.unregister(key.fileobj)
        key.fileobj.close()
        if time.monotonic() - key.data >= IDLE_LIMIT:
            open_one()
        else:
            closed += 1
print("closed", closed, flush=True)
