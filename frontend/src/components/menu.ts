/** What a `Menu` shows. */

import type { IconName } from "@/components/icons";

/** A line of a `Menu`. */
export interface MenuItem {
  label: string;
  icon?: IconName | undefined;
  tone?: "plain" | "bad" | undefined;
  disabled?: boolean | undefined;
  /** Set on each line of which one is chosen: a tick stands behind the one in force. */
  checked?: boolean | undefined;
  /** Lines that follow each other under one heading. */
  section?: string | undefined;
  run: () => unknown;
}

export interface MenuSection {
  title: string;
  items: MenuItem[];
}

/** The lines by their headings; lines without one stand by themselves. */
export function sectionsOf(items: readonly MenuItem[]): MenuSection[] {
  const sections: MenuSection[] = [];
  for (const item of items) {
    const title = item.section ?? "";
    const last = sections.at(-1);
    if (last?.title === title) last.items.push(item);
    else sections.push({ title, items: [item] });
  }
  return sections;
}
