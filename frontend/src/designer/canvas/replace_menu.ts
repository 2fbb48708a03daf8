/* Changing what an element is: the menu of bpmn-js without what Kniga refuses to execute. */
import ReplaceMenuProvider from "bpmn-js/lib/features/popup-menu/ReplaceMenuProvider";
import { is, type Element } from "./services";

/* docs/reference/bpmn-subset.md: transactions, ad-hoc sub-processes, scripts, complex gateways, compensation, links. */
const REFUSED = /transaction|ad-?hoc|script-task|complex-gateway|compensation|link|cancel|collection|participant/i;
const REFUSED_HEADS = /loop|adhoc|ad-hoc|compensation/i;

type Entries = Record<string, unknown>;

interface Provider {
  getPopupMenuEntries(target: Element): Entries;
  getPopupMenuHeaderEntries(target: Element): Entries;
}

const Parent = ReplaceMenuProvider as unknown as { new (...services: unknown[]): Provider; $inject: string[] };

class OnlyWhatRuns extends Parent {
  static override $inject = Parent.$inject;

  override getPopupMenuEntries(target: Element): Entries {
    const conditional = is(target, "bpmn:StartEvent") && !target.parent?.businessObject["triggeredByEvent"];
    return without(super.getPopupMenuEntries(target), (name) => REFUSED.test(name) || (conditional && /conditional/.test(name)));
  }

  override getPopupMenuHeaderEntries(target: Element): Entries {
    return without(super.getPopupMenuHeaderEntries(target), (name) => REFUSED_HEADS.test(name));
  }
}

function without(entries: Entries, refused: (name: string) => boolean): Entries {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => !refused(name)));
}

export const replaceMenuModule = { replaceMenuProvider: ["type", OnlyWhatRuns] };
