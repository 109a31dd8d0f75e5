/** How a picture was asked for: read from its task, or from what the library keeps of it. */

export interface Recipe {
  prompt: string;
  negative: string;
  provider: string;
  model: string;
  ratio: string;
  resolution: string;
  seed: number | null;
  /** Ids of pictures of the library. */
  references: string[];
  /** Reference pictures that came from files: nobody but the service has seen them. */
  uploads: number;
}

const UPLOAD = "upload";

/** Null where `told` is not about a drawn picture. */
export function recipeOf(told: Readonly<Record<string, unknown>>): Recipe | null {
  const prompt = words(told["prompt"]);
  if (prompt === "") return null;
  const given = Array.isArray(told["reference_images"]) ? told["reference_images"].map(words).filter(Boolean) : [];
  const seed = told["seed"];
  return {
    prompt,
    negative: words(told["negative_prompt"]),
    provider: words(told["provider"]),
    model: words(told["model"]),
    ratio: words(told["aspect_ratio"]),
    resolution: words(told["resolution"]),
    seed: typeof seed === "number" ? seed : null,
    references: given.filter((one) => one !== UPLOAD),
    uploads: given.filter((one) => one === UPLOAD).length,
  };
}

function words(value: unknown): string {
  return typeof value === "string" ? value : "";
}
