"""Libraries of compiled code that are optimised once per kernel, instead of once per function.

Numba finishes every function separately. It optimises the function and makes machine code and two
wrappers. It repeats all of this in every caller, five times for the body of a ``prange``: Python
called 8 of 185 libraries that itti-koch finished. Here a function that a kernel calls is a `Part`,
which stays LLVM IR. A kernel is a `Whole`: all its parts are linked in, optimised once and emitted
once. That takes a third of the time and gives the same bits.

This module uses private names of Numba; `building` finds out whether they are there and work.
"""

from __future__ import annotations

import ctypes
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import binding as llvm
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.environment import lookup_environment
from numba.core.typed_passes import AnnotateTypes
from numba.parfors.parfor import Parfor

# Methods and attributes that a library must have.
NAMES = (
    "_codegen", "_ensure_finalized", "_final_module", "_finalize_dynamic_globals",
    "_finalize_final_module", "_finalized", "_get_compiled_object", "_get_module_for_linking",
    "_linking_libraries", "_optimize_final_module", "_optimize_functions", "_raise_if_finalized",
    "_shared_module",
)  # fmt: skip
CODEGEN_NAMES = (
    "_check_llvm_bugs", "_data_layout", "_engine", "_function_pass_manager", "_library_class",
    "set_env",
)  # fmt: skip
CONTEXT_NAMES = ("create_cfunc_wrapper", "create_cpython_wrapper")

_ENVIRONMENT = "_ZN08NumbaEnv"
_PYTHON_WRAPPER = "_ZN7cpython"

# Numba makes Python callables of parts, which nothing calls. This raises TypeError if one is.
_REFUSE = ctypes.cast(ctypes.pythonapi.PyErr_BadArgument, ctypes.c_void_p).value


class _WithoutEnvironments:
    """A code generator for parts, which have no addresses to write environments to."""

    def __init__(self, codegen: Any) -> None:
        self._codegen = codegen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codegen, name)

    def set_env(self, name: str, environment: Any) -> None:
        """Do nothing: the kernel that the part is linked into does it."""


class _Library(JITCodeLibrary):  # type: ignore[misc]  # Numba is not typed
    """A library with a shorter way through LLVM's function passes."""

    def _optimize_functions(self, module: Any) -> None:
        """Optimise the functions that have a body; eight of nine are declarations."""
        make_passes = self._codegen._function_pass_manager
        if "llvm_module" in inspect.signature(make_passes).parameters:  # Numba before 0.62
            super()._optimize_functions(module)
            return
        module.data_layout = self._codegen._data_layout
        passes, builder = make_passes()
        for function in module.functions:
            if not function.is_declaration:
                passes.run(function, builder)


class Part(_Library):
    """A function that goes into kernels as LLVM IR, without machine code."""

    _shared_module: Any

    @property
    def codegen(self) -> Any:
        """Return the code generator, without `set_env`."""
        return _WithoutEnvironments(self._codegen)

    def add_llvm_module(self, module: Any) -> None:
        """Add code of this function."""
        self._optimize_functions(module)
        self._final_module.link_in(module)

    def finalize(self) -> None:
        """Take no more code, and make nothing of it."""
        self._raise_if_finalized()
        for library in self._linking_libraries:
            _inherit_startup(self, library)
        self._finalize_dynamic_globals()
        self._finalized = True

    def own_module(self) -> Any:
        """Return the module of this function, without those it calls."""
        self._ensure_finalized()
        if self._shared_module is None:
            self._shared_module = _kept_while_linking(self._final_module)
        return self._shared_module

    def _get_module_for_linking(self) -> Any:
        """Return the module with all it calls: for code that is not fastsal's."""
        module = self.own_module().clone()
        for library in _all_within(self):
            module.link_in(_module_of(library), preserve=True)
        _define_environments(self._codegen, module)
        return _dropped_if_unused(module)

    def get_pointer_to_function(self, name: str) -> int:
        """Return no address, or for a Python callable that of a refusal."""
        self._ensure_finalized()
        return (_REFUSE or 0) if name.startswith(_PYTHON_WRAPPER) else 0


class Whole(_Library):
    """A kernel with all that it calls, optimised once."""

    def finalize(self) -> None:
        """Link, optimise and emit."""
        self._codegen._check_llvm_bugs()
        self._raise_if_finalized()
        for library in _all_within(self):
            _inherit_startup(self, library)
            self._final_module.link_in(_module_of(library), preserve=True)
        _dropped_if_unused(self._final_module)
        self._optimize_final_module()
        self._final_module.verify()
        self._finalize_final_module()
        self._environments = _set_environments(self._codegen, self._final_module)

    def serialize_using_object_code(self) -> Any:
        """Return the machine code and the names in it, without bitcode: nothing links a kernel."""
        self._ensure_finalized()
        names = [each.name for each in self._final_module.functions if not each.is_declaration]
        stubs = "\n".join(f'define void @"{name}"() {{ ret void }}' for name in names)
        bitcode = llvm.parse_assembly(stubs).as_bitcode()
        return self.name, "object", (self._get_compiled_object(), bitcode)


def _inherit_startup(library: Any, linked: Any) -> None:
    """Copy the initialisers of a linked library into this one; older Numbas have no such list."""
    if hasattr(library, "_reload_init"):
        library._reload_init.update(linked._reload_init)


def _all_within(library: Any) -> list[Any]:
    """Return the libraries that one links, directly or not, each once."""
    found: dict[int, Any] = {}
    waiting = list(library._linking_libraries)
    while waiting:
        each = waiting.pop(0)
        if id(each) not in found:
            found[id(each)] = each
            if isinstance(each, Part):
                waiting.extend(each._linking_libraries)
    return list(found.values())


def _module_of(library: Any) -> Any:
    if isinstance(library, Part):
        return library.own_module()
    return _kept_while_linking(library._get_module_for_linking().clone())


def _kept_while_linking(module: Any) -> Any:
    """Let LLVM keep functions that nothing refers to yet; it drops "linkonce_odr" ones."""
    for function in module.functions:
        if not function.is_declaration and function.linkage.name in ("external", "linkonce_odr"):
            function.linkage = "weak_odr"
    return module


def _dropped_if_unused(module: Any) -> Any:
    """Let LLVM drop linked functions from a module once they are inlined."""
    for function in module.functions:
        if not function.is_declaration and function.linkage.name == "weak_odr":
            function.linkage = "linkonce_odr"
    return module


def _set_environments(codegen: Any, module: Any) -> list[Any]:
    """Give a module its functions' environments, and return them: code holds bare addresses."""
    found = []
    for variable in module.global_variables:
        if variable.name.startswith(_ENVIRONMENT):
            environment = lookup_environment(variable.name)
            if environment is not None:
                codegen.set_env(variable.name, environment)
                found.append(environment)
    return found


def _define_environments(codegen: Any, module: Any) -> None:
    """Set the environments of parts that foreign code links, and no kernel has defined yet."""
    names = [each.name for each in module.global_variables if each.name.startswith(_ENVIRONMENT)]
    missing = [name for name in names if not codegen._engine.is_symbol_defined(name)]
    if missing:
        text = "\n".join(f'@"{name}" = common global i8* null' for name in missing)
        library = JITCodeLibrary(codegen, f"environments_of_{module.name}")
        library.add_llvm_module(llvm.parse_assembly(text))
        library.finalize()
        codegen.foreign_environments = [
            *getattr(codegen, "foreign_environments", ()),
            *_set_environments(codegen, library._final_module),
        ]


@contextmanager
def parts_only(context: Any) -> Iterator[None]:
    """Make parts of all that is compiled here; Numba's lock keeps other threads out."""
    with (
        _replaced(context.codegen(), "_library_class", Part),
        _replaced(context, "create_cpython_wrapper", _wrap_kernels_only(context)),
        _replaced(context, "create_cfunc_wrapper", _wrap_nothing),
    ):
        yield


@contextmanager
def _replaced(place: Any, name: str, value: Any) -> Iterator[None]:
    """Give an object another attribute, which hides that of its class."""
    before = vars(place).get(name)
    setattr(place, name, value)
    try:
        yield
    finally:
        if before is None:
            delattr(place, name)
        else:
            setattr(place, name, before)


def _wrap_kernels_only(context: Any) -> Callable[..., None]:
    """Return the wrappers that make kernels callable from Python; nothing calls those of parts."""
    make_wrapper = context.create_cpython_wrapper

    def make(library: Any, *arguments: Any, **options: Any) -> None:
        if not isinstance(library, Part):
            make_wrapper(library, *arguments, **options)

    return make


def _wrap_nothing(*arguments: Any, **options: Any) -> None:
    """Make no C callable: `Part` has no address for it."""


class _ChooseLibrary(AnalysisPass):  # type: ignore[misc]
    """Gives the function a library before Numba makes one, and its loops no wrappers."""

    _name = "fastsal_choose_library"

    def __init__(self) -> None:
        AnalysisPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        codegen = state.targetctx.codegen()
        library_class = Part if state.flags.no_cpython_wrapper else Whole
        state.library = library_class(codegen, state.func_id.func_qualname)
        state.library.enable_object_caching()
        if state.flags.auto_parallel.enabled:
            flags = state.flags.copy()
            flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
            for block in state.func_ir.blocks.values():
                for statement in block.body:
                    if isinstance(statement, Parfor):
                        statement.flags = flags
        return False


register_pass(mutates_CFG=False, analysis_only=True)(_ChooseLibrary)


def add_pass(passes: Any) -> None:
    """Let a list of Numba's passes put its code into a library of ours."""
    passes.add_pass_after(_ChooseLibrary, AnnotateTypes)
    passes.finalize()
