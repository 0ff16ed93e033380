"""A power cut: what `tests/faults/journal.c` wrote down, made into the folder that a cut would have left.

What was synced is there. Of what was not, a chance decides: whole, in part (in blocks), or not at all; an entry of
a folder that was not synced may be missing, and then what lies below is too. Entries of one folder come in order, as
journaling file systems keep them; data and entries of different folders do not.
"""

import os
import random
from pathlib import Path

from .shim import build

BLOCKS = (512, 4096)


def environment(folder: Path, journal: Path, root: Path):
    """What a program is started with to be recorded. The library goes into `folder`."""
    return {"LD_PRELOAD": build("journal", folder), "JOURNAL_FILE": str(journal), "JOURNAL_ROOT": str(root)}


def mend(journal: Path, root: Path):
    """Ends the record in which a program was killed, so that the next program's follow: the data of a write are in its file."""
    data, at = journal.read_bytes(), 0
    while at < len(data):
        end = data.find(b"\n", at) + 1
        kind, *rest = data[at:end].decode().split() or [""]
        if kind == "write":
            offset, length, name = int(rest[0]), int(rest[1]), " ".join(rest[2:])
            if end + length > len(data):
                with open(root / name, "rb") as file, open(journal, "ab") as out:
                    file.seek(offset + len(data) - end)
                    out.write(file.read(end + length - len(data)))
                return
            end += length
        elif kind in ("rename", "link"):
            end = data.find(b"\n", end) + 1
        if not end:
            os.truncate(journal, at)
            return
        at = end


class Node:
    """A file with its writes, or a folder with its entries' changes; each with the place in the journal."""

    def __init__(self, is_folder=False):
        self.is_folder = is_folder
        self.changes = []
        self.syncs = []  # (what is covered: changes before here, known from here on)

    def durable(self, cut):
        """Changes before this place are on disk at a cut."""
        return max((began for began, ended in self.syncs if ended <= cut), default=0)


class Journal:
    """A recorded run. Places are byte offsets, of which `places` are those between two records."""

    def __init__(self, file: Path):
        self.root = Node(is_folder=True)
        self.names = {".": self.root}
        self.places = []
        self.syncing = {}
        data = file.read_bytes()
        at = 0
        while at < len(data):
            start, at = at, self._record(data, at)
            assert at > start
            self.places.append(at)

    def _record(self, data, start):
        end = data.index(b"\n", start)
        kind, *rest = data[start:end].decode().split(" ")
        end += 1
        if kind == "write":
            offset, length = int(rest[0]), int(rest[1])
            node = self.names[" ".join(rest[2:])]
            node.changes.append((start, offset, data[end : end + length]))
            return end + length
        if kind in ("rename", "link"):
            stop = data.index(b"\n", end)
            old, new = " ".join(rest), data[end:stop].decode()
            self._entry(start, new, self.names[old])
            if kind == "rename":
                self._forget(start, old)
            return stop + 1
        if kind in ("create", "mkdir"):
            self._entry(start, " ".join(rest), Node(is_folder=kind == "mkdir"))
        elif kind == "truncate":
            self.names[" ".join(rest[1:])].changes.append((start, int(rest[0]), None))
        elif kind == "unlink":
            self._forget(start, " ".join(rest))
        elif kind == "syncing":
            self.syncing[rest[0]] = (start, self.names.get(" ".join(rest[1:])))
        elif kind == "synced":
            began, node = self.syncing.pop(rest[0])
            if node is not None:
                node.syncs.append((began, end))
        else:
            raise AssertionError(f"unknown record {kind!r} at {start}")
        return end

    def _entry(self, at, path, node):
        folder, name = os.path.split(path)
        self.names[folder or "."].changes.append((at, name, node))
        self.names[path] = node

    def _forget(self, at, path):
        folder, name = os.path.split(path)
        self.names[folder or "."].changes.append((at, name, None))
        self.names.pop(path)

    def leave(self, folder: Path, cut: int, chance: random.Random):
        """Writes what a cut leaves into a folder that does not exist yet."""
        self._leave(self.root, folder, cut, chance, chance.choice(("none", "entries", "some")))

    def _leave(self, node, path, cut, chance, mood):
        durable = node.durable(cut)
        done = [change for change in node.changes if change[0] < cut]
        safe = [change for change in done if change[0] < durable]
        open_ = [change for change in done if change[0] >= durable]
        if node.is_folder:
            kept = {"none": 0, "entries": len(open_)}.get(mood, chance.randint(0, len(open_)))
            entries = {}
            for _, name, child in safe + open_[:kept]:
                if child is None:
                    entries.pop(name, None)
                else:
                    entries[name] = child
            path.mkdir()
            for name, child in entries.items():
                self._leave(child, path / name, cut, chance, mood)
            return
        content = bytearray()
        for _, at, data in safe:
            apply(content, at, data)
        for _, at, data in open_ if mood == "some" else ():
            for offset, block in torn(at, data, chance):
                apply(content, offset, block)
        path.write_bytes(content)


def apply(content, at, data):
    """One write, or a truncation where `data` is None."""
    if data is None:
        del content[at:]
    elif at > len(content):
        content.extend(bytes(at - len(content)))
    if data is not None:
        content[at : at + len(data)] = data


def torn(at, data, chance):
    """What of an unsynced write came to the disk."""
    if data is None or not chance.randint(0, 2):
        return [(at, data)] if chance.randint(0, 1) else []
    size = chance.choice(BLOCKS)
    edges = [at, *range((at // size + 1) * size, at + len(data), size), at + len(data)]
    pieces = [(start, data[start - at : end - at]) for start, end in zip(edges, edges[1:])]
    return [piece for piece in pieces if chance.randint(0, 1)]
