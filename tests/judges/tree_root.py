#!/usr/bin/env python3
"""The root of a directory as docs/manifests.md defines it, computed from that text alone: tree_root.py DIR"""
import hashlib
import os
import stat
import struct
import sys


def framed(*fields):
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def entries(top):
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            seen = os.lstat(path)
            kind, mode, size, digest = 1, stat.S_IMODE(seen.st_mode), 0, bytes(32)
            if stat.S_ISLNK(seen.st_mode):
                kind, mode, digest = 3, 0, hashlib.sha256(os.fsencode(os.readlink(path))).digest()
            elif stat.S_ISDIR(seen.st_mode):
                kind = 2
            else:
                with open(path, "rb") as file:
                    content = file.read()
                kind, size, digest = 1, len(content), hashlib.sha256(content).digest()
            yield os.fsencode(os.path.relpath(path, top)), kind, mode, size, digest


def merkle(leaves):
    """RFC 9162, 2.1.1."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + merkle(leaves[:split]) + merkle(leaves[split:])).digest()


def main():
    leaves = [framed(b"holdfast-tree-entry-v1", bytes([kind]), path, struct.pack(">I", mode),
                     struct.pack(">Q", size), digest)
              for path, kind, mode, size, digest in sorted(entries(sys.argv[1]))]
    leaves.append(framed(b"holdfast-tree-end-v1", struct.pack(">Q", len(leaves))))
    print(merkle(leaves).hex())


if __name__ == "__main__":
    main()
