"""Report of the arrays loaded from a checkpoint file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One array of a checkpoint file and the parameter that took its values.

    Attributes
    ----------
    source : str
        Name in the file.
    target : str
        Name of the parameter in the network.
    shape : tuple of int
        Shape in the file.
    """

    source: str
    target: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """The loaded arrays, entry by entry.

    Attributes
    ----------
    path : str
        The file.
    form : str
        Its format in words.
    entries : tuple of Entry
        Arrays that were assigned, in the order of the file.
    unused : tuple of str
        Names in the file that the network does not need.
    absent : tuple of str
        Optional parameters that the file does not have, such as counters of batches.
    """

    path: str
    form: str
    entries: tuple[Entry, ...]
    unused: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return one line per entry, after a summary."""
        lines = [f"{self.path}: {self.form}, {len(self.entries)} entries assigned"]
        lines += [f"  {each.source} -> {each.target} {each.shape}" for each in self.entries]
        lines += [f"  not used: {name}" for name in self.unused]
        lines += [f"  not in the file: {name}" for name in self.absent]
        return "\n".join(lines)
