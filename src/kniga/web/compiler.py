"""How Jinja's templates become Python here: the same meaning, fewer steps for each piece of a page.

A page of fifty rows asks a thousand times for an address, a word or an escaped value, so each is a plain call:
- functions of the environment that need no context (`url`, `icon`, `_`) are called without asking what they need;
- a value that is text already is escaped by the C function alone;
- a block or an include hands over its text at once, not through a chain of generators piece by piece.
"""

from __future__ import annotations

from keyword import iskeyword
from typing import Any, Final

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]  # what `escape` itself calls

PLAIN: Final = frozenset(
    ("url", "static", "asset", "icon", "query", "_", "gettext", "ngettext", "pgettext", "npgettext")
)


def escaped(value: Any) -> str:
    """What `markupsafe.escape` gives, as a plain string where the value is one: a piece of a page's own text."""
    if type(value) is str:
        return _escape_inner(value)
    if isinstance(value, Markup):
        return value
    return escape(value)


class DirectCodeGenerator(CodeGenerator):
    """Jinja's compiler with plain calls; a template that another name shadows means what it means to Jinja."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        self.writeline(f"from {__name__} import escaped")
        super().visit_Template(node, frame)

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        if forward_caller or not _is_plain(node):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")

    def visit_Block(self, node: nodes.Block, frame: Frame) -> None:
        is_simple = frame.buffer is None and not (node.scoped or node.required)
        if not is_simple or (frame.toplevel and self.extends_so_far):
            super().visit_Block(node, frame)
            return
        blocks = f"{self.get_context_ref()}.blocks"
        self.writeline(f"yield concat({blocks}[{node.name!r}][0]({self.get_context_ref()}))", node)

    def visit_Include(self, node: nodes.Include, frame: Frame) -> None:
        name = node.template
        is_simple = isinstance(name, nodes.Const) and isinstance(name.value, str) and node.with_context
        if not is_simple or node.ignore_missing or frame.buffer is not None:
            super().visit_Include(node, frame)
            return
        assert isinstance(name, nodes.Const)
        self.writeline(f"template = environment.get_template({name.value!r}, {self.name!r})", node)
        inner = f"template.new_context(context.get_all(), True, {self.dump_local_context(frame)})"
        self.writeline(f"yield concat(template.root_render_func({inner}))")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("escaped(")


def _is_plain(node: nodes.Call) -> bool:
    """Whether the function is one of ours and the call has nothing that Jinja must work around."""
    has_spread = node.dyn_args is not None or node.dyn_kwargs is not None
    has_keywords = any(iskeyword(argument.key) for argument in node.kwargs)
    return isinstance(node.node, nodes.Name) and node.node.name in PLAIN and not (has_spread or has_keywords)
