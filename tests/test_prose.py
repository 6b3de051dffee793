"""All texts: plain sentences. For users: no name or option without a text."""

import argparse
import re

import prose
import pytest

import fastsal
from fastsal.cli import main as command_line

# Texts not yet finished: the beginnings of their keys in `TEXTS`, paths, and commands.
NOT_YET: tuple[str, ...] = ()
# Their texts are read in the tests: each worker collects all tests, but runs some of them.
SOURCES = prose.sources()
OF_PACKAGE = [path for path in SOURCES if path.startswith("fastsal/")]
DOCSTRINGS = prose.docstrings()
TEXTS = prose.readmes() | prose.notebooks() | DOCSTRINGS

BAD = [
    "Score each pixel by what the image's spectrum has there that its smooth version has not.",
    "Score each pixel by what an image has there of whose waves only the signs are kept.",
    "What is otherwise, and on purpose:",
    "Flow saliency: what moves otherwise than the camera makes everything move.",
    "What Numba has no words for and LLVM has: 64 bytes at a time.",
    "Bands, each of which a thread takes.",
    "Keep that which the next frame needs.",
    "Give Numba so many threads.",
    "The door for rooms that build upon superpixels: one frame described, on a bench.",
    "All scales lie in one atlas, so that twins agree.",
    "Share of the colours in the result: a share of 0 gives the picture.",
    "Rounds at the most.",
    "Return the map, from where the least value is 0.",
    "A frame of another shape, dtype or place than the last starts anew.",
    "Each frame is scored by itself.",
    "If `color` or `backend` is none of those named.",
    "A model that has learnt from photographs.",
    "Left and right change places.",
    "Of colours, OpenCV's luma is taken.",
    "An option of the method, `threshold=20` say.",
    "Pixels of a region touch, be it by a corner.",
    "It tells what has changed.",
    "The first pixel, and the other's share.",
    "Functions that take turns.",
    "The motion of least error.",
    "Return the same of bytes.",
    "Which scikit-image needs too.",
    "Names of files written by the way.",
    "The image is not enlarged.",
    "They are blurred by a Gaussian of `smooth` widths, drawn to the centre by `center_bias`, they "
    "exceed their value, are stretched to [0, 1], one value everywhere becoming 0, and enlarged.",
    "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty a b c; d e f.",
]
GOOD = [
    "Compute the spectral residual: the log-amplitude spectrum minus its local average.",
    "Compute the image signature: the squared inverse DCT of the sign of the DCT.",
    "Intentional differences from OpenCV:",
    "These defaults were tuned on data that overlap the test sets, so scores are optimistic.",
    "Flow saliency: motion that the estimated camera motion does not explain.",
    "Map a residual from [0, inf) to [0, 1): r² / (r² + s²).",
    "The median residual of the camera fit estimates the noise level.",
    "Dynamic scheduling for `prange` (chunk size 1).",
    "Iteration stops earlier when an iteration lowers the energy by less than 1e-5.",
    "At most 100 iterations, and at least one.",
    "How do I crop to the main object? What happens at the first call?",
    "Results do not share memory with the input.",
    "A kernel that threads share and a line that a bar shares.",
    "At least one, found by a least-squares fit, for each colour space in turn.",
    "- one two three four five six seven eight nine ten eleven twelve\n"
    "- thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty a b c d e f",
]


@pytest.mark.parametrize("sentence", BAD)
def test_the_counter_finds_bad_sentences(sentence):
    assert prose.faults(sentence)


@pytest.mark.parametrize("sentence", GOOD)
def test_the_counter_passes_plain_sentences(sentence):
    assert prose.faults(sentence) == []


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ("expected image of dtype uint8, got float64", 1),
        ("a.gif: expected a name ending in .mp4", 1),
        ("`image` must have dtype uint8; got float64", 0),
        ("`memory` must be in [0, 1); got 2", 0),
    ],
)
def test_the_counter_knows_the_form_of_errors(message, count):
    assert len(prose.faults(message, is_message=True)) == count
    assert prose.faults(message) == []


def test_code_is_not_prose():
    text = "Run `what --whose`.\n\n```bash\nfastsal what whose\n```\n\n<!-- what -->\n"
    assert prose.faults(text) == []
    assert prose.faults(text + "Run what works.")


def test_the_counter_reads_every_kind_of_text():
    """A collector that finds nothing would prove everything."""
    assert {"README.md", "fastsal/README.md", "fastsal/opencv/README.md"} <= TEXTS.keys()
    assert len(prose.notebooks()) > 5
    public = {name for name in fastsal.__all__ if callable(getattr(fastsal, name))}
    assert {f"fastsal.{name}" for name in public} <= TEXTS.keys()
    assert {"fastsal.Stream.update", "fastsal.opencv.ObjectnessBING.setNSS"} <= TEXTS.keys()
    assert {"fastsal.registry.Method", "fastsal.superpixels.draw_boundaries"} <= TEXTS.keys()
    texts = [text for path in OF_PACKAGE for _, text in prose.messages_in(path)]
    assert "`x` must have dtype x; got x of shape xx" in texts  # an f-string of several parts
    assert sum("must" in text for text in texts) > 60
    assert len(texts) > 500
    words = [text for path in SOURCES for _, text in prose.words_in(path)]
    assert {path.partition("/")[0] for path in SOURCES} == {"fastsal", "benchmarks", "tests"}
    assert sum(text.startswith("Return") for text in words) > 1000  # of private functions too
    assert sum(len(text.split()) for text in words) > 60_000


def test_the_counter_reads_comments_of_any_form(tmp_path):
    path = tmp_path / "code.py"
    path.write_text(
        "#!/usr/bin/env python\n# One,\n# two.\nA = 1  # three\nB = 2  # noqa: E501\n#: four\n"
    )
    assert [*prose._comments(path)] == [(2, "One,\ntwo."), (4, "three"), (6, "four")]


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_plain(name):
    if not name.startswith(NOT_YET):
        assert prose.faults(TEXTS[name]) == []


@pytest.mark.parametrize("path", OF_PACKAGE)
def test_messages_are_plain(path):
    if not path.startswith(NOT_YET):
        found = [
            f"{path}:{line}: {fault}"
            for line, text in prose.messages_in(path)
            for fault in prose.faults(text, is_message=True)
        ]
        assert found == []


@pytest.mark.parametrize("path", SOURCES)
def test_comments_and_private_docstrings_are_plain(path):
    faults = [
        f"{path}:{line}: {fault}"
        for line, text in prose.words_in(path)
        for fault in prose.faults(text)
    ]
    assert faults == []


@pytest.mark.parametrize("package", sorted(prose.packages_of_methods()))
def test_kernels_name_the_step_of_their_paper(package):
    """Equation, section, algorithm, authors and year, or the function of another library."""
    named = [
        text
        for path in SOURCES
        if path.startswith(f"{package}/_")
        for _, text in prose.words_in(path)
        if prose.REFERENCE.search(text)
    ]
    assert named


def test_texts_not_yet_finished_exist():
    parser = command_line._parser().format_help().split()
    commands = [f"fastsal {word}" for word in parser]
    for name in NOT_YET:
        assert any(key.startswith(name) for key in (*TEXTS, *OF_PACKAGE, *commands)), name


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_summaries_are_one_sentence(name):
    if name.startswith(NOT_YET):
        return
    summary = prose.summary(prose.public_names()[name])
    assert summary.endswith(".")
    assert len(summary) <= 100
    assert not re.match(r"(The|This|Class|Function|Method)\b", summary)


def test_every_public_name_is_in_a_readme():
    texts = "\n".join(prose.readmes().values())
    missing = [
        name
        for name, thing in prose.public_names().items()
        if name.rpartition(".")[0] in prose.public_modules()
        and not name.startswith(NOT_YET)
        and not name.endswith("_create")
        and not re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", texts)
    ]
    assert missing == []


def test_every_option_is_explained():
    parser = command_line._parser()
    commands = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    texts = "\n".join(prose.readmes().values())
    count = 0
    for name, command in commands[0].choices.items():
        summary = [each.help for each in commands[0]._choices_actions if each.dest == name]
        assert summary, name
        assert re.search(rf"\bfastsal {name}\b", texts) or f"fastsal {name}" in NOT_YET, name
        shown = command.format_help()
        for action in command._actions:
            count += 1
            assert action.help, (name, action.dest)
            assert all(option in shown for option in action.option_strings), (name, action.dest)
    assert count > 40
