"""Find sentences that break the style rule: in READMEs, notebooks, messages, docstrings, comments.

The rule: subject, verb, object; at most 25 words; the words of the field. No clause begins with
`what`, `whose`, `of which`, `that which` or `so many`. An error names the argument first.
"""

import ast
import importlib
import inspect
import json
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fastsal"
# Types that public functions return, and classes that `Stream` runs: not names of a public module.
RETURNED = {
    "fastsal.registry": ("Method", "Updatable"),
    "fastsal.runtime": ("BackendStatus",),
    "fastsal.algorithms.itti_koch.api": ("Conspicuity",),
}

MAX_WORDS = 25
CLAUSES = r"""
    what(?!') | whatever | whose | of\ which | that\ which | so\ (many|much|far)\b(?!\ as\b)
"""
# The left column of the glossary, where a word has no other use in prose, and words like them.
PRIVATE = r"""
    (the|its|a|each|every|either|both|kernel)\ bench | benches | rooms? | twins? | doors?
  | (a|the|this|one|other's|their|its|no)\ share | shares?\ of
  | (all|and|from|in|of|such|these|those|with)\ shares
  | (a|the|each|every|one|another|good|of|by|play|take|make|\w+')s?\ turns?
  | (the|a|its|of|or|and)\ least(?!-) | least\ (and|or|value|level) | at\ the\ (most|least)
  | plainly | unlikeness | faintness | stiffness | quirks? | suspects? | trails? | waves
  | enlarge\w* | widen\w* | learnt | foretells? | tells? | told | anew | alike | heard
  | dtypes?,?\ (or|and)\ place
  | (by|of|for)\ (itself|themselves|its\ own) | by\ the\ way | the\ same\ of
  | none\ of\ (those|these|what) | change\ places
"""
# Phrases that stand in the place of a subject, a verb or an object.
INVERTED = r"""
    be\ it | but\ for | besides | as\ though | round\ about | as\ there(?=[,.;:)]) | as\ everywhere
  | as\ (many|much|far|they|it)\ (as|are|is) | up\ to,\ but | all\ the\ same
  | had\ it | were\ it | nor | no\ such\ (pair|map|thing|one)
"""
BANNED = re.compile(rf"\b({CLAUSES}|{PRIVATE}|{INVERTED})\b", re.VERBOSE | re.IGNORECASE)
# "Of colours, the luma is taken" and "20 say": a sentence that begins or ends the wrong way round.
WRONG_WAY = re.compile(r"^(Of|Nor|Such|Thus|Not|Which)\b(?! all\b| every\b)|\bsay[,.;:)]|,\s+say\b")
EXPECTED = re.compile(r"(^|: )expected\b")
# Words of a command, a formula or a name are not prose.
CODE = re.compile(r"```.*?```|``.*?``|`[^`]*`|\$[^$]*\$|<!--.*?-->|</?\w[^>]*>", re.DOTALL)
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
RULER = re.compile(r"^[ \t]*[-=]{3,}[-= ]*$", re.MULTILINE)  # under a heading
SQL = re.compile(r"(CREATE|INSERT|SELECT|UPDATE|DELETE|PRAGMA) ")
# Comments for tools, and commented headings of example scripts.
DIRECTIVE = re.compile(r"#!|#:?\s*(noqa|type:|ruff:|fmt:|pragma:|mypy:|isort:|/// |%%)")
# A paper's equation, section, algorithm or authors, or another library's definition.
REFERENCE = re.compile(
    r"\bEqs?\. \d|\bsection \d|\bAlgorithm \d|\([12]\d{3}\)|[a-z] [12]\d{3}\)|OpenCV|VLFeat|vl_slic"
)
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")


def faults(text: str, *, is_message: bool = False) -> list[str]:
    """Return every sentence of `text` that breaks the rule, each with the reason."""
    found = []
    if is_message:  # a new line is a new sentence
        text = text.replace("\n", "\n\n")
    for sentence in sentences(text):
        for pattern in (BANNED, WRONG_WAY):
            match = pattern.search(sentence)
            is_question = sentence.endswith("?") and match and match[0].lower() in ("what", "which")
            if match and not is_question:
                found.append(f"{match[0]!r}: {sentence}")
        if len(WORD.findall(sentence)) > MAX_WORDS:
            found.append(f"{len(WORD.findall(sentence))} words: {sentence}")
    if is_message and EXPECTED.search(text):
        found.append(f"'expected': {text}")
    return found


def sentences(text: str) -> Iterator[str]:
    """Split prose into sentences; code counts as one word, a table cell or list item stands alone.

    A single word, such as the head of a column, is no sentence.
    """
    text = RULER.sub("\n", LINK.sub(r"\1", CODE.sub("code", text)))
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*#|]|\d+\.)\s)", text):
        for cell in " ".join(block.split()).split("|"):
            for sentence in re.split(r"(?<=[.!?])[\"')]*\s+", cell):
                if len(sentence.split()) > 1:
                    yield sentence.strip()


def readmes() -> dict[str, str]:
    """Return the text of every README of the project by its path."""
    paths = [ROOT / "README.md"]
    for folder in ("fastsal", "benchmarks", "notebooks", "tests"):
        paths += sorted((ROOT / folder).rglob("README.md"))
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}


def notebooks() -> dict[str, str]:
    """Return the prose of every notebook, and the comments of its code, by its path."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        parts = []
        for cell in json.loads(path.read_text())["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code":
                source = "\n\n".join(re.findall(r"(?:^|\s)#\s(.*)", source))
            parts.append(source)
        found[f"notebooks/{path.name}"] = "\n\n".join(parts)
    return found


def public_names() -> dict[str, object]:
    """Return everything public: names of modules with `__all__`, and their public members."""
    found: dict[str, object] = {}
    for module_name in public_modules():
        module = importlib.import_module(module_name)
        found[module_name] = module
        for name in module.__all__:
            found.update(_members(f"{module_name}.{name}", getattr(module, name)))
    for module_name, names in RETURNED.items():
        for name in names:
            thing = getattr(importlib.import_module(module_name), name)
            found.update(_members(f"{module_name}.{name}", thing))
    methods = importlib.import_module("fastsal.registry")
    for row in methods.METHODS.values():
        if row.state:
            thing = row.load(row.state)
            found.update(_members(f"{thing.__module__}.{row.state}", thing))
    return found


def public_modules() -> list[str]:
    """Return fastsal and the modules directly below it that state their public names."""
    paths = [*PACKAGE.glob("*.py"), *PACKAGE.glob("*/__init__.py")]
    found = []
    for path in sorted(paths):
        if re.search(r"^(__\w+__, )*__all__\b", path.read_text(), re.MULTILINE):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append(".".join(part for part in parts if part != "__init__"))
    return found


def docstrings() -> dict[str, str]:
    """Return the prose of every public docstring by its name."""
    return {name: _prose_of(thing) for name, thing in public_names().items() if has_doc(thing)}


def has_doc(thing: object) -> bool:
    """Return whether a docstring can be written for this: constants show that of their type."""
    kinds = (property, staticmethod, classmethod)
    return inspect.ismodule(thing) or callable(thing) or isinstance(thing, kinds)


def summary(thing: object) -> str:
    """Return the first paragraph of a docstring as one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def sources() -> list[str]:
    """Return the path of every file with Python code."""
    folders = ("fastsal", "benchmarks", "tests")
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [path.relative_to(ROOT).as_posix() for path in paths]


@cache
def messages_in(path: str) -> list[tuple[int, str]]:
    """Return the lines and texts of all strings of a file that users may read.

    These are strings of three words or more that are no docstring: errors, warnings, help,
    progress and results. Placeholders of an f-string count as one word.
    """
    tree = ast.parse((ROOT / path).read_text())
    skipped = _docstrings_of(tree) | _parts_of_fstrings(tree) | _source_code(tree)
    return [
        (node.lineno, text)
        for node in ast.walk(tree)
        if id(node) not in skipped and len(WORD.findall(text := _text_of(node))) > 2
    ]


@cache
def words_in(path: str) -> list[tuple[int, str]]:
    """Return the lines and texts of all comments and docstrings of a file, private ones too."""
    return sorted([*_all_docstrings((ROOT / path).read_text()), *_comments(ROOT / path)])


def packages_of_methods() -> set[str]:
    """Return the folders of methods with formulas for both backends."""
    return {
        path.parent.relative_to(ROOT).as_posix()
        for path in (PACKAGE / "algorithms").glob("*/_formulas.py")
    }


def _all_docstrings(source: str) -> Iterator[tuple[int, str]]:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and (text := ast.get_docstring(node)):
            yield node.body[0].lineno, _prose(text, isinstance(node, ast.Module))


def _comments(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every comment; lines of only a comment continue one in the same column."""
    start, column, lines = 0, 0, []
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type != tokenize.COMMENT or DIRECTIVE.match(token.string):
                continue
            is_alone = token.line.lstrip().startswith("#")
            if lines and not (is_alone and token.start == (start + len(lines), column)):
                yield start, "\n".join(lines)
                lines = []
            if not lines:
                start, column = token.start
            lines.append(token.string.lstrip("#: "))
    if lines:
        yield start, "\n".join(lines)


def _members(name: str, thing: object) -> dict[str, object]:
    """Return an object, and the public methods and properties that a class defines."""
    found = {name: thing}
    if inspect.isclass(thing):
        for member, value in vars(thing).items():
            is_ours = callable(value) or isinstance(value, property | staticmethod | classmethod)
            if not member.startswith("_") and is_ours and not inspect.isclass(value):
                found[f"{name}.{member}"] = value
    return found


def _prose_of(thing: object) -> str:
    return _prose(inspect.getdoc(thing) or "", inspect.ismodule(thing))


def _prose(text: str, is_module: bool) -> str:
    """Return a docstring without examples, references, tables and headers of parameters."""
    if is_module:
        text = re.sub(r"^[A-Z].*\n(^ +.*\n)+", "\n", text, flags=re.M)  # lists of names
    for section in ("Examples", "References"):
        text = re.sub(
            rf"^{section}\n-+\n.*?(?=^\w[\w ]*\n-+$|\Z)", "", text, flags=re.DOTALL | re.M
        )
    text = re.sub(r"^=+ [= ]*\n.*?^=+ [= ]*\n(.*?^=+ [= ]*$)?", "\n", text, flags=re.DOTALL | re.M)
    text = re.sub(r"^(>>>|\.\.\. ).*\n(^(?!>>>|\s*$).*\n)*", "\n", text, flags=re.M)
    return re.sub(r"^[\w*, .]+ : .*$|^(\w+(Error|Warning)(, )?)+$", "\n", text, flags=re.M)


def _docstrings_of(tree: ast.AST) -> set[int]:
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _parts_of_fstrings(tree: ast.AST) -> set[int]:
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    return {id(part) for node in joined for part in node.values}


def _source_code(tree: ast.AST) -> set[int]:
    """Return strings that are code of another language: SQL, and those that span lines."""
    return {
        id(node)
        for node in ast.walk(tree)
        if (text := _text_of(node).strip()).count("\n") > 2 or SQL.match(text)
    }


def _text_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
        return "".join(map(str, parts))
    return ""
