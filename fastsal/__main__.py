"""``python -m fastsal``, and where the ``fastsal`` script starts.

Imports nothing before it can answer Ctrl-C: the rest of the program takes a while to load.
"""

import sys


def run() -> None:
    """Run one command and leave with its exit status."""
    status = 130
    try:
        try:
            from .cli.main import main

            status = main()
        except KeyboardInterrupt:  # while loading, or once more while the first was dealt with
            if sys.stderr is not None:
                sys.stderr.write("fastsal: interrupted\n")
        import gc
        import signal

        # Nothing is left to tidy up, so that from here on Ctrl-C just ends the process, and Python
        # need not look through all that was loaded for garbage: 60 ms.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        gc.freeze()
    except KeyboardInterrupt:
        pass
    sys.exit(status)


if __name__ == "__main__":
    run()
