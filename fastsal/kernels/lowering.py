"""How functions of kernels become LLVM code: in fewer instructions than Numba writes.

To read or write one item, Numba copies the array's description to the stack, and reads it from
there twice. A variable of several blocks lives on the stack too. LLVM removes all of that again.
Here members of a description are used directly, and so are variables with one assignment. Functions
that make no arrays count no references. The first map of itti-koch takes 23.6 seconds of CPU time
in place of 26.9, the medians of seven pairs of runs.

This module uses private names of Numba; `building` finds out whether they are there and work.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import reduce
from typing import Any

from llvmlite import ir as llvm
from numba.core import cgutils, ir, types
from numba.core.analysis import compute_cfg_from_blocks, compute_use_defs, must_use_alloca
from numba.core.compiler_machinery import register_pass
from numba.core.datamodel import default_manager
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering
from numba.core.typing import Signature

# Methods and attributes that Numba's class must have.
NAMES = (
    "_disable_sroa_like_opt", "_find_singly_assigned_variable", "delvar", "getvar", "incref",
    "loadvar", "lower_expr", "lower_getitem", "lower_inst", "lower_setitem", "storevar", "typeof",
)  # fmt: skip

_MEMBERS = ("meminfo", "parent", "nitems", "itemsize", "data", "shape", "strides")
_META, _PARENT, _, _ITEM_SIZE, _DATA, _SHAPE, _STRIDES = range(7)

_STATEMENTS = (ir.Assign, ir.Branch, ir.Del, ir.Jump, ir.Return, ir.SetItem, ir.StaticRaise)
_STATEMENTS += (ir.StaticSetItem,)
_PARTS = ("build_tuple", "cast", "exhaust_iter", "getattr", "getitem", "static_getitem")


class _Lower(Lower):  # type: ignore[misc]  # Numba is not typed
    """Writes the LLVM code of a function."""

    def _find_singly_assigned_variable(self) -> None:
        super()._find_singly_assigned_variable()
        self._counted: dict[Any, bool] = {}
        if not self._disable_sroa_like_opt and not self.func_ir.func_id.is_generator:
            self._singly_assigned_vars |= self._assigned_before_use()

    def _assigned_before_use(self) -> set[str]:
        """Return the variables with one assignment, before any use in order and in time."""
        blocks = self.func_ir.blocks
        times: Counter[str] = Counter()
        homes: dict[str, int] = {}
        for label, block in blocks.items():
            for statement in block.find_insts(ir.Assign):
                times[statement.target.name] += 1
                homes[statement.target.name] = label
        users = defaultdict(list)
        for label, names in compute_use_defs(blocks).usemap.items():
            for name in names:
                users[name].append(label)
        before = compute_cfg_from_blocks(blocks).dominators()
        on_stack = must_use_alloca(blocks)
        return {
            name
            for name, home in homes.items()
            if times[name] == 1
            and name not in on_stack
            and not self._is_counted(name)
            and all(home < label and home in before.get(label, ()) for label in users[name])
        }

    def _is_counted(self, name: str) -> bool:
        """Return whether a variable refers to memory with a count of references."""
        kind = self.typeof(name)
        if kind not in self._counted:
            self._counted[kind] = self.context.enable_nrt and _has_references(self.context, kind)
        return self._counted[kind]

    def storevar(self, value: Any, name: str, argidx: int | None = None) -> None:
        """Store a variable; its former value matters only if references are counted."""
        is_on_stack = argidx is None and name not in self._singly_assigned_vars
        if is_on_stack and not self._disable_sroa_like_opt and not self._is_counted(name):
            place = self.getvar(name)
            if value.type == place.type.pointee:
                self.builder.store(value, place)
                return
        super().storevar(value, name, argidx=argidx)

    def delvar(self, name: str) -> None:
        """Delete a variable, which matters only if references are counted."""
        if self._disable_sroa_like_opt or self._is_counted(name):
            super().delvar(name)

    def lower_expr(self, kind: Any, expression: Any) -> Any:
        """Return the value of an expression."""
        is_shape = expression.op == "getattr" and expression.attr == "shape"
        if is_shape and type(self.typeof(expression.value.name)) is types.Array:
            return _member(self.builder, self.loadvar(expression.value.name), _SHAPE)
        if expression.op == "static_getitem" and expression.index_var is not None:
            # Numba first looks for an item of a record, in new registrations too.
            value, index = expression.value, expression.index_var
            signature = self.fndesc.calltypes[expression]
            if signature is not None and self._has_plain_items(
                self.typeof(value.name), index, signature
            ):
                return self.lower_getitem(kind, expression, value, index, signature)
        return super().lower_expr(kind, expression)

    def lower_inst(self, statement: Any) -> Any:
        """Write the code of a statement."""
        if isinstance(statement, ir.StaticSetItem):
            target, index = statement.target, statement.index_var
            signature = self.fndesc.calltypes[statement]
            if index is not None and self._has_plain_items(
                self.typeof(target.name), index, signature
            ):
                return self.lower_setitem(target, index, statement.value, signature)
        return super().lower_inst(statement)

    def lower_getitem(
        self, kind: Any, expression: Any, value: Any, index: Any, signature: Any
    ) -> Any:
        """Return an item of an array, or a view with the last of its axes."""
        array_kind = self.typeof(value.name)
        if self._has_plain_items(array_kind, index, signature):
            found = signature.return_type
            array = self.loadvar(value.name)
            if found == array_kind.dtype:
                place = self._place(array_kind, array, self._positions(array, index, signature))
                item = self.context.unpack_value(
                    self.builder, found, place, align=_alignment(array_kind)
                )
                return self.context.cast(self.builder, item, found, kind)
            if found == kind and type(kind) is types.Array and kind.ndim < array_kind.ndim:
                return self._view(kind, array_kind, array, self._positions(array, index, signature))
        return super().lower_getitem(kind, expression, value, index, signature)

    def lower_setitem(self, target: Any, index: Any, value: Any, signature: Any) -> Any:
        """Write an item of an array."""
        kind, given, wanted = self.typeof(target.name), self.typeof(value.name), signature.args[2]
        if (
            self._has_plain_items(kind, index, signature)
            and len(_each(signature.args[1])) == kind.ndim
            and _is_plain(given)
            and _is_plain(wanted)
        ):
            item = self.context.cast(self.builder, self.loadvar(value.name), given, wanted)
            item = self.context.cast(self.builder, item, wanted, kind.dtype)
            array = self.loadvar(target.name)
            place = self._place(kind, array, self._positions(array, index, signature))
            self.context.pack_value(self.builder, kind.dtype, item, place, align=_alignment(kind))
            return None
        return super().lower_setitem(target, index, value, signature)

    def _has_plain_items(self, kind: Any, index: Any, signature: Signature) -> bool:
        """Return whether a type is an array of numbers, and an index has integers only."""
        kinds = _each(self.typeof(index.name))
        wanted = _each(signature.args[1])
        return (
            type(kind) is types.Array
            and kind == signature.args[0]
            and kind.layout in "AC"
            and _is_plain(kind.dtype)
            and not self.context.enable_boundscheck
            and 0 < len(kinds) <= kind.ndim
            and len(kinds) == len(wanted)
            and all(isinstance(each, types.Integer) for each in (*kinds, *wanted))
        )

    def _positions(self, array: Any, index: Any, signature: Signature) -> list[Any]:
        """Return the members of an index; negative ones count from the end."""
        builder, context = self.builder, self.context
        kind, value = self.typeof(index.name), self.loadvar(index.name)
        is_tuple = isinstance(kind, types.BaseTuple)
        found = []
        for axis, (given, wanted) in enumerate(
            zip(_each(kind), _each(signature.args[1]), strict=True)
        ):
            position = _member(builder, value, axis) if is_tuple else value
            position = context.cast(builder, position, given, wanted)
            if not wanted.signed:
                found.append(context.cast(builder, position, wanted, types.uintp))
                continue
            position = context.cast(builder, position, wanted, types.intp)
            if not _is_constant_from_0(position):
                from_end = builder.add(position, _member(builder, array, _SHAPE, axis))
                is_negative = builder.icmp_signed("<", position, position.type(0))
                position = builder.select(is_negative, from_end, position)
            found.append(position)
        return found

    def _place(self, kind: Any, array: Any, positions: Sequence[Any]) -> Any:
        """Return the address of an item, or of the first item behind these positions."""
        builder = self.builder
        data = _member(builder, array, _DATA)
        if kind.layout == "A":
            steps = [_member(builder, array, _STRIDES, axis) for axis in range(len(positions))]
            offsets = [builder.mul(*each) for each in zip(steps, positions, strict=True)]
            return cgutils.pointer_add(builder, data, reduce(builder.add, offsets))
        offsets = []
        for axis, position in enumerate(positions):
            later = [_member(builder, array, _SHAPE, each) for each in range(axis + 1, kind.ndim)]
            offsets.append(builder.mul(position, reduce(builder.mul, later)) if later else position)
        return builder.gep(data, [reduce(builder.add, offsets)])

    def _view(self, kind: Any, array_kind: Any, array: Any, positions: Sequence[Any]) -> Any:
        """Return the array behind these positions on the first axes."""
        builder = self.builder
        axes = range(len(positions), array_kind.ndim)
        shape = [_member(builder, array, _SHAPE, axis) for axis in axes]
        strides = [_member(builder, array, _STRIDES, axis) for axis in axes]
        members = (
            _member(builder, array, _META),
            _member(builder, array, _PARENT),
            reduce(lambda left, right: builder.mul(left, right, flags=["nsw"]), shape),
            _member(builder, array, _ITEM_SIZE),
            self._place(array_kind, array, positions),
            cgutils.pack_array(builder, shape),
            cgutils.pack_array(builder, strides),
        )
        view = llvm.Constant(self.context.get_value_type(kind), llvm.Undefined)
        for place, member in enumerate(members):
            view = builder.insert_value(view, member, place)
        self.incref(kind, view)
        return view


def _member(builder: Any, value: Any, *path: int) -> Any:
    """Return a member of a struct, or of a struct in it, without an instruction if it is known."""
    rest = path
    while isinstance(value, llvm.instructions.InsertValue):
        at = tuple(value.indices)
        if rest[: len(at)] == at:
            value, rest = value.value, rest[len(at) :]
            if not rest:
                return value
        elif at[: len(rest)] == rest:  # only a part of that member was replaced
            break
        else:
            value = value.aggregate
    return builder.extract_value(value, rest)


def _each(kind: Any) -> tuple[Any, ...]:
    return tuple(kind) if isinstance(kind, types.BaseTuple) else (kind,)


def _is_plain(kind: Any) -> bool:
    return isinstance(kind, types.Integer | types.Float | types.Boolean)


def _is_constant_from_0(value: Any) -> bool:
    return (
        isinstance(value, llvm.Constant) and isinstance(value.constant, int) and value.constant >= 0
    )


def _alignment(kind: Any) -> int | None:
    return None if kind.aligned else 1


def _has_references(context: Any, kind: Any) -> bool:
    found: bool = context.data_model_manager[kind].contains_nrt_meminfo()
    return found


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):  # type: ignore[misc]
    _name = "fastsal_lowering"

    @property
    def lowering_class(self) -> type:
        return _Lower

    def run_pass(self, state: Any) -> bool:
        context = state.targetctx
        if _only_borrows(state):
            state.targetctx = context.subtarget(enable_nrt=False)
        try:
            done: bool = super().run_pass(state)
            return done
        finally:
            state.targetctx = context


def _only_borrows(state: Any) -> bool:
    """Return whether a function only looks at the arrays in its arguments."""
    counted = {
        name for name, kind in state.typemap.items() if _has_references(state.targetctx, kind)
    }
    return (
        not state.func_id.is_generator
        and not _has_references(state.targetctx, state.return_type)
        and all(_is_of_arrays(state.targetctx, state.typemap[name]) for name in counted)
        and all(
            _borrows(statement, state.typemap, counted)
            for block in state.func_ir.blocks.values()
            for statement in block.body
        )
    )


def _is_of_arrays(context: Any, kind: Any) -> bool:
    """Return whether a type has no references but those of arrays and of constant texts."""
    if isinstance(kind, types.BaseTuple):
        return all(_is_of_arrays(context, each) for each in kind)
    is_known = type(kind) is types.Array or isinstance(kind, types.StringLiteral)
    return is_known or not _has_references(context, kind)


def _borrows(statement: Any, kinds: Any, counted: set[str]) -> bool:
    """Return whether a statement makes no array that its function would have to free."""
    if not isinstance(statement, _STATEMENTS):
        return False
    if isinstance(statement, ir.SetItem | ir.StaticSetItem):
        return statement.value.name not in counted
    if not isinstance(statement, ir.Assign) or statement.target.name not in counted:
        return True
    value = statement.value
    if isinstance(value, ir.Arg | ir.Var | ir.Const | ir.Global | ir.FreeVar):
        return True
    if not isinstance(value, ir.Expr) or value.op not in _PARTS:
        return False
    if value.op == "getattr":
        return value.attr == "T" or isinstance(kinds[value.value.name], types.BaseNamedTuple)
    if value.op in ("getitem", "static_getitem") and value.value.name in counted:
        index = value.index if value.op == "getitem" else value.index_var
        if isinstance(kinds[value.value.name], types.BaseTuple):
            return True
        return index is not None and all(
            isinstance(each, types.Integer | types.SliceType) for each in _each(kinds[index.name])
        )
    return True


def why_not() -> str | None:
    """Return the reason that Numba has to write the code, or None."""
    missing = [name for name in NAMES if not hasattr(Lower, name)]
    if missing:
        return f"this version of Numba has no {', '.join(missing)}"
    model = default_manager[types.Array(types.float32, 2, "C")]
    found = getattr(model, "_fields", ())
    if tuple(found) != _MEMBERS:
        return f"this version of Numba describes arrays by {', '.join(found)}"
    return None


def replace_pass(passes: Any) -> None:
    """Let a list of Numba's passes write LLVM code in this way."""
    passes.passes = [
        (_Lowering if each is NativeLowering else each, text) for each, text in passes.passes
    ]
    passes.finalize()
