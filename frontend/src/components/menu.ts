import type { IconName } from "@/components/icons";

/** A line of a `Menu`. */
export interface MenuItem {
  label: string;
  icon?: IconName | undefined;
  tone?: "plain" | "bad" | undefined;
  disabled?: boolean | undefined;
  /** It is the one in force: a tick stands behind it. */
  checked?: boolean | undefined;
  run: () => unknown;
}
