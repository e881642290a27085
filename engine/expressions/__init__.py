"""CEL, the language of checks (cel.dev; google/cel-spec).

``compile`` parses an expression and checks it against the types of its variables; the :class:`Program` evaluates it on
plain JSON values, by generated code where it is sure and by the reference interpreter where it is not, and tells which
properties it reads, what was missing, and what decided. ``template`` does the same for messages.

source -> lexer -> parser -> syntax -> checker (calls, names) -> tree -> interpreter, or generator (writer)
"""

from engine.expressions.failures import EvaluationError, Failed, Path, path_text
from engine.expressions.program import Program, Trace, compile
from engine.expressions.template import Template, template

__all__ = ["EvaluationError", "Failed", "Path", "Program", "Template", "Trace", "compile", "path_text", "template"]
