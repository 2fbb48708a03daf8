"""Names of the standard and of our extension, and what becomes of each BPMN element."""

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
KNIGA = "urn:kniga:bpmn:1"
RULES_LANGUAGE = "urn:kniga:rules:1"

FLOW_NODES = frozenset({"startEvent", "endEvent", "userTask", "exclusiveGateway", "boundaryEvent"})

# Read, kept, of no effect on execution (BPMN 2.0, 8.3, 10.4, 10.8).
DOCUMENTATION = frozenset({
    "documentation", "extensionElements", "laneSet", "textAnnotation", "association", "group",
    "dataObject", "dataObjectReference", "dataStoreReference", "property", "auditing", "monitoring",
    "artifact", "ioSpecification", "dataInputAssociation", "dataOutputAssociation",
    "incoming", "outgoing", "supports", "correlationSubscription",
})  # fmt: skip

# Root elements that no element we execute refers to.
ROOT_DOCUMENTATION = frozenset({
    "import", "extension", "relationship", "category", "itemDefinition", "message", "signal", "error",
    "escalation", "dataStore", "resource", "interface", "endPoint", "partnerEntity", "partnerRole",
    "collaboration", "documentation", "extensionElements",
})  # fmt: skip
COLLABORATION_DOCUMENTATION = frozenset({
    "participant", "documentation", "extensionElements", "textAnnotation", "association", "group",
    "artifact", "participantAssociation",
})  # fmt: skip

# What to do instead, for what people draw most often.
CURES = {
    "parallelGateway": "Draw the steps one after another, or use a non-interrupting timer for a side task.",
    "inclusiveGateway": "Use exclusive gateways one after another.",
    "complexGateway": "Use exclusive gateways.",
    "eventBasedGateway": "Use a user task whose outcomes say what has happened.",
    "subProcess": "Draw its steps directly in the process.",
    "adHocSubProcess": "Draw its steps directly in the process.",
    "transaction": "Draw its steps directly in the process.",
    "callActivity": "Draw the steps directly in the process.",
    "task": "Make it a user task.",
    "manualTask": "Make it a user task.",
    "sendTask": "Make it a user task of the kind mail.",
    "receiveTask": "Make it a user task whose outcomes say what has come.",
    "serviceTask": "Make it a user task, or remove it.",
    "scriptTask": "Make it a user task, or remove it.",
    "businessRuleTask": "Use an exclusive gateway with conditions on fields.",
    "intermediateCatchEvent": "Use a user task with a deadline or a boundary timer.",
    "intermediateThrowEvent": "Remove it, or make it a user task.",
    "messageFlow": "Remove it: the process runs by user tasks.",
    "standardLoopCharacteristics": "Draw the loop with a flow back through a gateway.",
    "multiInstanceLoopCharacteristics": "Draw the loop with a flow back through a gateway.",
}
DEFAULT_CURE = "Remove it, or draw it with user tasks, exclusive gateways and boundary timers."
