"""Names of the DMN standard, and what becomes of its elements."""

from collections.abc import Mapping

from kniga.engine.definition.decisions import Aggregation, HitPolicy
from kniga.rules import FieldType

DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
"""DMN 1.3, which we write."""
VERSIONS = frozenset({
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    DMN,
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
})  # fmt: skip
"""DMN 1.1 to 1.5: a decision table (8.3) is the same in all of them."""
FEEL_LANGUAGES = frozenset({
    "feel", "http://www.omg.org/spec/FEEL/20140401", "http://www.omg.org/spec/DMN/20180521/FEEL/",
    "https://www.omg.org/spec/DMN/20191111/FEEL/", "https://www.omg.org/spec/DMN/20211108/FEEL/",
    "https://www.omg.org/spec/DMN/20230324/FEEL/",
})  # fmt: skip

POLICIES: tuple[HitPolicy, ...] = ("UNIQUE", "FIRST", "PRIORITY", "COLLECT")
AGGREGATIONS: tuple[Aggregation, ...] = ("SUM", "MIN", "MAX", "COUNT")

TYPE_OF: Mapping[str, FieldType] = {
    "string": "text", "number": "number", "integer": "number", "long": "number", "double": "number",
    "boolean": "boolean", "date": "date", "dateTime": "datetime", "date and time": "datetime",
}  # fmt: skip
"""FEEL's types (and those other tools write) as types of fields."""
TYPE_REF: Mapping[FieldType, str] = {
    "text": "string", "choice": "string", "multi_choice": "string", "number": "number", "money": "number",
    "boolean": "boolean", "date": "date", "datetime": "dateTime",
}  # fmt: skip

# Read and without effect on what a table answers (6.3, 8.3.2: annotations, layout, the sources of an input).
ROOT_DOCUMENTATION = frozenset({
    "description", "extensionElements", "inputData", "knowledgeSource", "itemDefinition", "DMNDI", "elementCollection",
    "performanceIndicator", "organizationUnit", "textAnnotation", "association", "group",
})  # fmt: skip
DECISION_DOCUMENTATION = frozenset({
    "description", "extensionElements", "question", "allowedAnswers", "variable", "authorityRequirement",
    "supportedObjective", "impactedPerformanceIndicator", "decisionMaker", "decisionOwner", "usingProcess",
    "usingTask",
})  # fmt: skip
TABLE_DOCUMENTATION = frozenset({"description", "extensionElements", "annotation"})

CURES = {
    "decisionService": "Remove it: business-rule tasks call the decisions themselves.",
    "businessKnowledgeModel": "Make its table a decision of its own.",
    "import": "Copy the decisions of the other file into this one.",
    "literalExpression": "Write the decision as a table.",
    "invocation": "Write the decision as a table.",
    "context": "Write the decision as a table.",
    "relation": "Write the decision as a table.",
    "list": "Write the decision as a table.",
    "functionDefinition": "Write the decision as a table.",
    "knowledgeRequirement": "Write the decision as a table.",
    "requiredDecision": "Name the input of this table like an output of the decision it needs, in the same file.",
}
DEFAULT_CURE = "Remove it, or write the decision as a table."
POLICY_CURE = "Use UNIQUE, FIRST, PRIORITY or COLLECT."
AGGREGATION_CURE = "Use SUM, MIN, MAX or COUNT, with a table that has a single output."
LANGUAGE_CURE = "Write the table in FEEL."
INPUT_CURE = "Name a field (deal.amount, client.kind) or an answer, by letters, digits and “_”, without blanks."
OUTPUT_CURE = "Write a plain value: a text in quotes, a number, true, false or a date."
COLLECT_CURE = "Collect texts, or add an aggregation: SUM, MIN, MAX or COUNT."
LIST_CURE = "Use a field that holds one value."
