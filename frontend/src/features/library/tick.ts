/** How the mark of a chosen picture looks. On the icon itself: cells are to be cheap, without an element around it. */

const GROUNDS = { picture: "border-white bg-black/35", page: "border-soft" };

export function tickLook(isChosen: boolean, ground: keyof typeof GROUNDS): string {
  const look = isChosen ? "border-accent bg-accent text-on-accent" : `${GROUNDS[ground]} text-transparent`;
  return `rounded-full border-2 p-0.5 ${look}`;
}
