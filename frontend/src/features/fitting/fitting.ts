/** The fitting room: who stands before the mirror, what they wear, and the picture of it. */

import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";

import { isAborted, Refusal, refusalFrom } from "@/api/errors";
import type { LibraryImage, TryOnEntry } from "@/api/schema";
import { type Kind, kindOf, leaveOut, NOTHING, type Outfit, putOn, type Slot, SLOTS, sortIn, takeOff as without, type Worn, wornOf } from "@/features/fitting/outfit";
import { type Order, type Preview, Previews, sideFor } from "@/features/fitting/preview";
import { FlipClock } from "@/features/fitting/previewClock";
import { neighbours, stepFrom } from "@/features/fitting/previewNeighbours";
import { recallImage, recallPictures, saveKind } from "@/features/fitting/recall";
import { useSession } from "@/stores/session";

/** A listing that can be walked along: the wardrobe as filtered now, or the photos of people. */
export interface Row {
  total(): number;
  at(place: number): LibraryImage | undefined;
  /** Where a picture is; -1 where it is not, or nobody knows yet. */
  indexOf(id: string): number;
  /** May be waited for. */
  ensure(first: number, last: number): unknown;
}

interface Ids {
  person?: string | undefined;
  garment?: string | undefined;
  lower?: string | undefined;
}

const SLOW_MS = 300;
const IDLE_MS = 120;
const NOBODY: Row = { total: () => 0, at: () => undefined, indexOf: () => -1, ensure: () => undefined };

export const useFitting = defineStore("fitting", () => {
  const person = shallowRef<LibraryImage | null>(null);
  const outfit = shallowRef<Outfit>(NOTHING);
  /** Looked at in passing (the mouse rests on it): on the stage, but not chosen. */
  const peeked = shallowRef<LibraryImage | null>(null);
  /** What readers said a garment is, where the server thought otherwise or was not asked. */
  const corrected = shallowRef<ReadonlyMap<string, Kind>>(new Map());

  const preview = shallowRef<Preview | null>(null);
  const previewError = shallowRef<Refusal | null>(null);
  const isPreviewing = ref(false);
  /** It takes long enough that the reader is told. */
  const isSlow = ref(false);
  const result = shallowRef<TryOnEntry | null>(null);
  const shown = ref<"preview" | "result">("preview");
  const original = ref(false);
  const compare = ref(false);

  const upper = computed(() => outfit.value.upper);
  const lower = computed(() => outfit.value.lower);
  const dress = computed(() => outfit.value.dress);
  const worn = computed<Worn | null>(() => wornOf(outfit.value, kindFor));

  const previews = new Previews();
  const clock = new FlipClock();
  let wardrobe = NOBODY;
  let people = NOBODY;
  /** Where flipping came to, in the listings: there is something to bring into view. */
  const lastPlace = ref(-1);
  const lastPersonPlace = ref(-1);
  let lastGarment: string | null = null;
  let direction = 0;
  let isFlippingPeople = false;
  let side = sideFor(window.innerHeight * window.devicePixelRatio);
  let turn = 0;
  /** The turn of what is on the stage. */
  let seen = 0;
  let slow = 0;
  let idle = 0;

  function kindFor(image: LibraryImage): Kind | null {
    return corrected.value.get(image.id) ?? kindOf(image);
  }

  // ---- choosing

  function choosePerson(image: LibraryImage | null, at = performance.now()): void {
    peeked.value = null;
    if (image?.id === person.value?.id) return;
    person.value = image;
    isFlippingPeople = true;
    leaveResult();
    refit(at);
  }

  /** Puts it on; `kind` corrects what it was taken for. */
  function chooseGarment(image: LibraryImage, kind: Kind | null = null, at = performance.now()): void {
    peeked.value = null;
    if (kind !== null) corrected.value = new Map(corrected.value).set(image.id, kind);
    outfit.value = putOn(outfit.value, image, kindFor(image));
    lastGarment = image.id;
    isFlippingPeople = false;
    leaveResult();
    refit(at);
  }

  function takeOff(slot: Slot): void {
    outfit.value = without(outfit.value, slot);
    leaveResult();
    refit();
  }

  /** Shows a garment on the person for as long as it is looked at; null: back to what is worn. */
  function peek(image: LibraryImage | null, at = performance.now()): void {
    if (image?.id === peeked.value?.id) return;
    peeked.value = image;
    refit(at);
  }

  /** The next (1) or the former (-1) garment of the wardrobe as it is filtered now. */
  async function flip(step: number, at = performance.now()): Promise<void> {
    const place = await walk(wardrobe, lastGarment ?? worn.value?.garment.id, lastPlace.value, step);
    const next = wardrobe.at(place);
    if (!next) return;
    lastPlace.value = place;
    direction = step;
    chooseGarment(next, null, at);
  }

  async function choosePersonStep(step: number, at = performance.now()): Promise<void> {
    const place = await walk(people, person.value?.id, lastPersonPlace.value, step);
    const next = people.at(place);
    if (!next) return;
    lastPersonPlace.value = place;
    direction = step;
    choosePerson(next, at);
  }

  /** The listings that `flip` and `choosePersonStep` walk along. */
  function hang(row: Row | null): void {
    wardrobe = row ?? NOBODY;
  }

  function lineUp(row: Row | null): void {
    people = row ?? NOBODY;
  }

  // ---- the picture

  function orderOf(worn: Worn | null, of = person.value): Order | null {
    if (!of || !worn) return null;
    return { person: of.id, garment: worn.garment.id, lower: worn.lower?.id ?? null, kind: worn.kind, size: side };
  }

  function orderWith(image: LibraryImage): Order | null {
    return orderOf(wornOf(putOn(outfit.value, image, kindFor(image)), kindFor));
  }

  function refit(at = performance.now()): void {
    const order = peeked.value ? orderWith(peeked.value) : orderOf(worn.value);
    const mine = ++turn;
    clearTimeout(idle);
    clearTimeout(slow);
    isSlow.value = false;
    previewError.value = null;
    if (!order) {
      previews.rest();
      isPreviewing.value = false;
      preview.value = null;
      return;
    }
    isPreviewing.value = true;
    slow = window.setTimeout(() => (isSlow.value = true), SLOW_MS);
    void show(order, mine, at);
  }

  async function show(order: Order, mine: number, at: number): Promise<void> {
    try {
      const wasAtHand = previews.atHand(order) !== undefined;
      const next = await previews.ask(order);
      if (wasAtHand) await next.image.decode(); // the browser may have let go of the pixels meanwhile
      // One of before is worth a glance while a newer one is being made.
      if (mine !== turn && (!isPreviewing.value || mine < seen)) return;
      seen = mine;
      if (next.key === preview.value?.key) warmUp();
      else clock.start(next, at, wasAtHand);
      preview.value = next;
    } catch (error) {
      if (mine !== turn || isAborted(error)) return;
      previewError.value = refusalFrom(error);
      if (previewError.value.status !== 0) preview.value = null;
      warmUp();
    } finally {
      if (mine === turn) {
        clearTimeout(slow);
        isPreviewing.value = isSlow.value = false;
      }
    }
  }

  /** The stage tells that it has painted the preview of this key. */
  function painted(key: string): void {
    clock.stop(key);
    if (preview.value?.key === key) warmUp();
  }

  /** Makes ready what is likely to be wanted next, when nothing else is wanted. */
  function warmUp(): void {
    clearTimeout(idle);
    if (isPreviewing.value && preview.value === null) return;
    idle = window.setTimeout(() => {
      if (!person.value || peeked.value || document.hidden) return;
      const garments = near(wardrobe, lastGarment ?? worn.value?.garment.id, lastPlace.value, isFlippingPeople ? 1 : 3);
      const others = isFlippingPeople ? near(people, person.value.id, lastPersonPlace.value, 2) : [];
      const orders = [...others.map((one) => orderOf(worn.value, one)), ...garments.map(orderWith)];
      previews.warm(orders.filter((order) => order !== null));
    }, IDLE_MS);
  }

  function near(row: Row, id: string | undefined, hint: number, ahead: number): LibraryImage[] {
    const places = neighbours(placeOf(row, id, hint), row.total(), direction, ahead);
    return places.map((place) => row.at(place)).filter((image) => image !== undefined);
  }

  /** How large the stage is, in device pixels on its longest side. */
  function measure(devicePixels: number): void {
    const wanted = sideFor(devicePixels);
    const isLarger = wanted > side;
    // A line of words more or less moves the edge of the stage a little: that is no reason to make all anew.
    if (wanted === side || (!isLarger && sideFor(1.2 * devicePixels) === side)) return;
    side = wanted;
    if (isLarger && preview.value) refit(); // a smaller one shows as well what is there
  }

  function retry(): void {
    refit();
  }

  // ---- results, and what was before

  function leaveResult(): void {
    result.value = null;
    shown.value = "preview";
  }

  function showResult(entry: TryOnEntry): void {
    result.value = entry;
    shown.value = "result";
  }

  /** Whether a fitting is of what is before the mirror now. */
  function isOf(entry: TryOnEntry): boolean {
    return (
      entry.human_image_id === person.value?.id &&
      entry.garment_image_id === worn.value?.garment.id &&
      (entry.lower_image_id ?? null) === (worn.value?.lower?.id ?? null)
    );
  }

  /** The whole state of a fitting of before, as far as its pictures are still there. */
  async function bringBack(entry: TryOnEntry): Promise<void> {
    const [human, garment, below] = await recallPictures(entry);
    peeked.value = null;
    person.value = human ?? person.value;
    const kind = SLOTS.find((one) => one === entry.parameters["garment_kind"]) ?? null;
    let back = NOTHING;
    if (garment) back = putOn(back, garment, below ? "upper" : (kind ?? kindFor(garment)));
    if (below) back = putOn(garment && back.upper ? back : NOTHING, below, "lower");
    outfit.value = back;
    lastGarment = garment?.id ?? null;
    showResult(entry);
    refit();
  }

  // ---- what changes elsewhere

  /** The library has newer words about a picture: its kind is known now, it is liked, it has a title. */
  function learn(image: LibraryImage): void {
    if (person.value?.id === image.id) person.value = image;
    const before = worn.value?.kind;
    hangUp(image);
    if (worn.value?.kind !== before) refit();
  }

  function hangUp(image: LibraryImage): void {
    const slot = SLOTS.find((one) => outfit.value[one]?.id === image.id);
    if (slot) outfit.value = sortIn(outfit.value, slot, image, kindFor(image));
  }

  /** Says what a garment is, here and to the library; throws `Refusal` where it cannot be kept. */
  async function correctKind(image: LibraryImage, kind: Kind): Promise<void> {
    corrected.value = new Map(corrected.value).set(image.id, kind);
    hangUp(image);
    refit();
    await saveKind(image.id, kind);
  }

  /** These pictures are gone. */
  function drop(ids: readonly string[]): void {
    ids.forEach((id) => previews.forget(id));
    const isGone = (image: LibraryImage | null): boolean => image !== null && ids.includes(image.id);
    if (isGone(person.value)) person.value = null;
    outfit.value = leaveOut(outfit.value, isGone);
    if (isGone(peeked.value)) peeked.value = null;
    refit();
  }

  /** Who and what by id, as the page's address names them; what is not there any more is left out. */
  async function recall(ids: Ids): Promise<void> {
    const [who, garment, below] = await Promise.all([
      ids.person ? recallImage(ids.person) : null,
      ids.garment ? recallImage(ids.garment) : null,
      ids.lower ? recallImage(ids.lower) : null,
    ]);
    person.value = who ?? person.value;
    if (garment) outfit.value = putOn(outfit.value, garment, below ? "upper" : kindFor(garment));
    if (below) outfit.value = putOn(outfit.value, below, "lower");
    lastGarment = garment?.id ?? below?.id ?? lastGarment;
    refit();
  }

  /** Somebody else is here, or a guest got an account: what is theirs, too, stays before the mirror. */
  async function greet(userId: string | undefined): Promise<void> {
    const ids = { person: person.value?.id, garment: (upper.value ?? dress.value)?.id, lower: lower.value?.id };
    rest();
    previews.close();
    corrected.value = new Map();
    person.value = null;
    outfit.value = NOTHING;
    leaveResult();
    refit();
    if (userId !== undefined) await recall(ids);
  }
  const session = useSession();
  watch(
    () => session.profile?.user_id,
    (now, before) => {
      // A stranger who becomes a guest by a first picture is the same person; an answer that fails leaves an empty room.
      if (before !== undefined) greet(now).catch(() => undefined);
    },
  );

  /** The page is left: nothing is made any more, what was made stays for coming back. */
  function rest(): void {
    clearTimeout(idle);
    previews.rest();
    peeked.value = null;
    original.value = false;
  }

  return {
    ...{ person, upper, lower, dress, outfit, worn, peeked, corrected, kindFor },
    ...{ preview, previewError, isPreviewing, isSlow, result, shown, original, compare, lastPlace, lastPersonPlace },
    ...{ choosePerson, chooseGarment, takeOff, peek, flip, choosePersonStep, hang, lineUp },
    ...{ painted, measure, retry, showResult, isOf, bringBack, learn, correctKind, drop, recall, rest },
  };
});

/** `hint`: where it was when it was last seen. */
function placeOf(row: Row, id: string | undefined, hint: number): number {
  if (id === undefined) return -1;
  return row.at(hint)?.id === id ? hint : row.indexOf(id);
}

async function walk(row: Row, id: string | undefined, hint: number, step: number): Promise<number> {
  const place = stepFrom(placeOf(row, id, hint), step, row.total());
  if (place >= 0 && !row.at(place)) await row.ensure(place, place);
  return place;
}
