"""What a lesson's export as HTML needs beyond nbconvert: its formulas as MathML, which a browser draws without a script.

The set-up puts this file beside the packages that nbconvert imports; jupyter_config.json names it.
"""

import html
import re

from math_core import LatexError, LatexToMathML
from traitlets.log import get_logger

# As in JupyterLab a formula is found before Markdown is read, so that its |, _ and * mean nothing there. What stands in code
# is none, nor is a dollar behind a backslash; a formula goes over lines, but not over an empty one.
FORMULA = re.compile(
    r"""(?P<other>
        ^[ ]{0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ ]{0,3}(?P=fence)[`~]*[ ]*$|\Z)  # a block of code between fences
      | (?:\A|(?<=\n\n))(?:(?:[ ]{4}|\t)[^\n]*(?:\n|\Z))+                                 # an indented one
      | (?<!`)(?P<ticks>`+)(?!`)(?:[^`]|(?!(?P=ticks)(?!`))`)*?(?<!`)(?P=ticks)(?!`)        # code in a line
      | \\[\\$`] )
    | \$\$(?P<block>(?:[^$\\]|\\.)+?)\$\$
    | \$(?P<line>(?:[^$\\\n]|\\.|\n(?![ \t]*\n))+?)\$
    | (?P<environment>\\begin\{(?P<name>[a-z]+\*?)\}.*?\\end\{(?P=name)\})""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)

# All that Markdown could take for its own within a formula: the text between the tags, not the tags.
SPECIAL = re.compile(r"[^\w\s<>&;](?![^<>]*>)", re.ASCII)

converter = LatexToMathML(fancy_error=False)


def mathml(latex, block):
    """LaTeX as a <math> element that Markdown leaves as it is."""
    text = converter.convert_with_local_state(html.unescape(latex).strip(), displaystyle=block)
    return SPECIAL.sub(lambda found: "&#%d;" % ord(found.group()), " ".join(text.split()))


def with_mathml(source):
    """Markdown with its formulas as MathML. One that cannot be read stays as it is, and the log names it."""

    def replace(found):
        if found["other"]:
            return found.group()
        latex = found["block"] or found["line"] or found["environment"]
        try:
            return mathml(latex, block=not found["line"])
        except LatexError as problem:
            get_logger().warning("the formula %s stays as LaTeX: %s", found.group(), problem)
            return found.group()

    return FORMULA.sub(replace, source)


def formulas(notebook, resources):
    """A preprocessor of nbconvert: the notebook with the formulas of its Markdown cells as MathML."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
    return notebook, resources
