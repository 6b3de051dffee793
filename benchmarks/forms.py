"""Record the forms in which kernels are compiled: fastsal/pipelines/forms.json.

    python -m benchmarks.forms

Run it when kernels have been added or have got other arguments. It compiles everything for each
level of processor that wheels have machine code for, without the instructions that the level lacks.
So it finds the kernels that replace them. Kernels that only a better processor than this one runs
keep the forms that were recorded for them.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fastsal.kernels import shipped
from fastsal.pipelines import forms
from fastsal.registry import BUILT_IN

TARGET = Path(forms.__file__).with_name(forms.FILE)

# Prints the forms of the kernels that Python calls, in the order in which they were first needed.
_CODE = """
import json, sys
import numpy as np
import fastsal
from fastsal.kernels import jit, watch

features, *keys = sys.argv[1:]
jit.has_feature = lambda name: f"+{name}" in features.split(",")  # before others import it
from fastsal.kernels.forms import kernel_of, kernels, text_of

names = []

class Recorder:
    def started(self, name): pass
    def done(self, name): names.append(name)

with watch.watching(Recorder()):
    if keys:
        frame = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
        stream = fastsal.Stream(keys[0], backend="cpu")
        for _ in range(2):
            stream.update(frame)
    else:
        fastsal.warmup()
forms = []
by_name = {watch.name_of(kernel.py_func): home for *home, kernel in reversed(list(kernels()))}
for name in dict.fromkeys(names):
    if home := by_name.get(name):
        forms += [[*home, text_of(types)] for types in kernel_of([*home, ""]).overloads]
print(json.dumps(forms))
"""

Recorded = dict[str, list[list[str]]]


def runnable() -> list[shipped.Level]:
    """Return the levels that this processor can run, the best first."""
    features = shipped.features()
    found = [level for level in shipped.LEVELS if level.suits(features)]
    if not found:
        sys.exit(f"this processor cannot run the code for {shipped.LEVELS[-1].name}")
    return found


def recorded_at(level: shipped.Level, folder: str) -> Recorded:
    """Return the forms of each method, and of all that `warmup` covers, at one level."""
    best = runnable()[0]
    environment = {**os.environ, **best.environment(), "FASTSAL_CACHE_DIR": folder}
    found = {}
    for key in (*BUILT_IN, ""):
        command = [sys.executable, "-c", _CODE, level.features, *filter(None, [key])]
        printed = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, env=environment
        ).stdout
        found[key] = json.loads(printed)
        print(f"{level.name}, {key or 'warmup'}: {len(found[key])} forms", file=sys.stderr)
    return found


def kept(before: dict[str, Any], name: str, recorded: Recorded, level: str) -> Recorded:
    """Return the forms at level `name`, which cannot run here, from those at another level.

    Kernels that only one of the two had in the last recording differ.
    """
    mine, others = (set(map(tuple, before["only"][each])) for each in (name, level))
    old = {**before["methods"], "": before["others"]}
    return {
        key: [form for form in forms if (form[0], form[1]) not in others]
        + [form for form in old.get(key, []) if (form[0], form[1]) in mine]
        for key, forms in recorded.items()
    }


def merged(levels: dict[str, Recorded]) -> dict[str, object]:
    """Return the content of `forms.json` after these recordings."""

    def union(key: str) -> list[list[str]]:
        forms = (tuple(form) for recorded in levels.values() for form in recorded[key])
        return [list(form) for form in dict.fromkeys(forms)]

    methods = {key: union(key) for key in BUILT_IN}
    of_methods = [form for forms in methods.values() for form in forms]
    kernels = {
        name: {(form[0], form[1]) for forms in recorded.values() for form in forms}
        for name, recorded in levels.items()
    }
    everywhere = set.intersection(*kernels.values())
    return {
        "methods": methods,
        "others": [form for form in union("") if form not in of_methods],
        "only": {name: sorted(each - everywhere) for name, each in kernels.items()},
    }


def text_of(recorded: dict[str, object]) -> str:
    """Return the content of `forms.json`: a line per form, which merges well."""
    return json.dumps(recorded, indent=0, separators=(",", ": ")).replace('[\n"', '["').replace(
        '",\n"', '", "').replace('"\n]', '"]') + "\n"  # fmt: skip


def main() -> None:
    """Record, and write the file."""
    levels = runnable()
    with tempfile.TemporaryDirectory() as folder:
        found = {level.name: recorded_at(level, folder) for level in levels}
    before = json.loads(TARGET.read_text(encoding="utf-8"))
    for level in shipped.LEVELS:
        if level not in levels:
            best = levels[0].name
            found[level.name] = kept(before, level.name, found[best], best)
            print(f"{level.name}: kernels of its own as recorded before", file=sys.stderr)
    ordered = {level.name: found[level.name] for level in shipped.LEVELS}
    TARGET.write_text(text_of(merged(ordered)), encoding="utf-8")


if __name__ == "__main__":
    main()
