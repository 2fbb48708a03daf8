"""Names of the standard and of our extension, and what becomes of each BPMN element."""

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
KNIGA = "urn:kniga:bpmn:1"
RULES_LANGUAGE = "urn:kniga:rules:1"

USER_TASKS = frozenset({"userTask", "manualTask", "task"})
TASKS = USER_TASKS | {"serviceTask", "sendTask", "receiveTask", "businessRuleTask"}
ACTIVITIES = TASKS | {"callActivity", "subProcess"}
GATEWAYS = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway"})
EVENTS = frozenset({
    "startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent",
})  # fmt: skip
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS

# Read, kept, of no effect on execution (BPMN 2.0, 8.3, 10.4, 10.8).
DOCUMENTATION = frozenset({
    "documentation", "extensionElements", "laneSet", "textAnnotation", "association", "group",
    "dataObject", "dataObjectReference", "dataStoreReference", "property", "auditing", "monitoring",
    "artifact", "ioSpecification", "dataInputAssociation", "dataOutputAssociation",
    "incoming", "outgoing", "supports", "correlationSubscription", "categoryValueRef",
})  # fmt: skip

# Root elements that are referred to, or stand for themselves.
ROOT_DOCUMENTATION = frozenset({
    "import", "extension", "relationship", "category", "itemDefinition", "message", "signal", "error",
    "escalation", "dataStore", "resource", "interface", "endPoint", "partnerEntity", "partnerRole",
    "collaboration", "documentation", "extensionElements", "correlationProperty",
})  # fmt: skip
COLLABORATION_DOCUMENTATION = frozenset({
    "participant", "documentation", "extensionElements", "textAnnotation", "association", "group",
    "artifact", "participantAssociation", "messageFlow", "messageFlowAssociation", "correlationKey",
})  # fmt: skip

# What to do instead, for what people draw most often.
CURES = {
    "complexGateway": "Use an inclusive gateway, or exclusive gateways one after another.",
    "adHocSubProcess": "Make it a sub-process whose steps are connected.",
    "transaction": "Make it a sub-process; draw what undoes it as steps of their own.",
    "scriptTask": "Make it a service task with a kniga:action, or a user task.",
    "standardLoopCharacteristics": "Draw the loop with a flow back through a gateway.",
    "compensateEventDefinition": "Draw what undoes the step as a step of its own.",
    "cancelEventDefinition": "Use an error event: transactions are not supported.",
    "linkEventDefinition": "Draw the flow itself from one place to the other.",
    "callChoreography": "Draw it as a process.",
    "choreography": "Draw it as a process.",
    "globalTask": "Draw the task in the process.",
}
DEFAULT_CURE = "Remove it, or draw it with the elements of the reference of executable BPMN."
MANY_TRIGGERS = "Use one trigger for each event."
WRONG_TRIGGER = "Use one of the triggers that the reference of executable BPMN lists for this event."
START_OF_SCOPE = "Begin a sub-process with a plain start event."
LOOP_DATA = "Use kniga:each with a field, or loopCardinality with a number."
DRAWN_CURES = (MANY_TRIGGERS, WRONG_TRIGGER, START_OF_SCOPE, LOOP_DATA)
