"""BPMN 2.0 XML to a compiled definition."""
