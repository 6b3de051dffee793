"""Record the forms in which kernels are compiled: fastsal/pipelines/forms.json.

    python -m benchmarks.forms

Run it when kernels have been added or have got other arguments. One process per method, so that
each lists all that it needs.
"""

import json
import subprocess
import sys
from pathlib import Path

import fastsal

TARGET = Path(fastsal.__file__).parent / "pipelines" / "forms.json"

_CODE = """
import json, sys
import numpy as np
import fastsal
from fastsal.kernels import watch
from fastsal.pipelines.forms import text_of

names = []

class Recorder:
    def started(self, name): pass
    def done(self, name): names.append(name)

frame = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
with watch.watching(Recorder()):
    stream = fastsal.Stream(sys.argv[1], backend="cpu")
    for _ in range(2):
        stream.update(frame)
forms = []
for name in dict.fromkeys(names):
    module, _, kernel = name.rpartition(".")
    dispatcher = vars(sys.modules[module]).get(kernel)
    if hasattr(dispatcher, "overloads"):  # else it was made within a function
        forms += [[module, kernel, text_of(types)] for types in dispatcher.overloads]
print(json.dumps(forms))
"""


def main() -> None:
    recorded = {}
    for key in fastsal.METHODS:
        command = [sys.executable, "-c", _CODE, key]
        printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        recorded[key] = json.loads(printed)
        print(f"{key}: {len(recorded[key])} forms", file=sys.stderr)
    lines = (f"  {json.dumps(key)}: {json.dumps(forms)}" for key, forms in recorded.items())
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
