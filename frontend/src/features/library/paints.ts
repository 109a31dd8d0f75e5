/** The colours by which pictures are found, as they are painted: clear enough to be told apart in both themes. */

import type { Colour } from "@/features/library/place";

export const PAINTS: Record<Colour | "all", string> = {
  black: "#1c1c1e",
  grey: "#8d9197",
  white: "#ffffff",
  beige: "#dcc7a1",
  brown: "#7a5236",
  red: "#c8322b",
  orange: "#e5822d",
  yellow: "#eec93b",
  green: "#4c9a4e",
  teal: "#2a9d96",
  blue: "#3268c2",
  purple: "#7d55b5",
  pink: "#e58fb1",
  all: "conic-gradient(#c8322b, #eec93b, #4c9a4e, #2a9d96, #3268c2, #7d55b5, #c8322b)",
};
