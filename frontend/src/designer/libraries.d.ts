/* Libraries that bring no types of their own; they are handed on to bpmn-js and never looked into here. */
declare module "diagram-js-minimap" {
  const module: object;
  export default module;
}
declare module "bpmn-js-token-simulation/lib/animation" {
  const module: object;
  export default module;
}
