/** What options and engines are called: in the page's words where it has some, else in the engine's own. */

import type { EngineAnswer } from "@/api/schema";
import type { Fault, OptionField, OptionValue } from "@/features/fitting/panel/form";
import { i18n, say } from "@/i18n";
import { useSession } from "@/stores/session";

function known(key: string): string | null {
  return i18n.global.te(key) ? say(key) : null;
}

export function labelOf(field: OptionField): string {
  const label = known(`engines.option.${field.name}.label`) ?? field.title;
  const unit = known(`engines.option.${field.name}.unit`);
  return unit === null ? label : say("engines.withUnit", { label, unit });
}

export function helpOf(field: OptionField): string {
  return known(`engines.option.${field.name}.help`) ?? field.help;
}

export function valueWords(field: OptionField, value: OptionValue): string {
  if (value === null) return say("engines.nothing");
  return known(`engines.value.${field.name}.${String(value)}`) ?? String(value);
}

export function faultWords(fault: Fault | null): string {
  return fault === null ? "" : say(`engines.wrong.${fault.code}`, fault.values);
}

/** Where pictures are worked on. */
export function placeWords(engine: EngineAnswer): string {
  if (engine.sends_pictures_to !== null) return say("engines.place.there", { host: engine.sends_pictures_to });
  return say(useSession().isHome ? "engines.place.here" : "engines.place.server");
}
