/** What the studio asks the server. All of these throw `Refusal`. */

import { api, content } from "@/api/client";
import type { ProviderList, TaskAnswer, TaskList, Template, TemplateBody } from "@/api/schema";
import type { GenerateBody } from "@/features/generation/order";

/** As many as the server takes. */
export const NAME_LETTERS = 80;

export async function fetchOffers(): Promise<ProviderList> {
  return content(api.GET("/api/v1/images/providers"));
}

/** `key`: a request that is sent again with it makes no second picture. */
export async function draw(body: GenerateBody, key: string): Promise<TaskAnswer> {
  return content(api.POST("/api/v1/images/generate", { body, params: { header: { "Idempotency-Key": key } } }));
}

/** Newest first; `cursor` empty: from the newest on. */
export async function fetchFeed(page_size: number, cursor: string): Promise<TaskList> {
  const query = { kind: "generate", page_size, ...(cursor !== "" && { cursor }) } as const;
  return content(api.GET("/api/v1/images", { params: { query } }));
}

export async function fetchTemplates(): Promise<Template[]> {
  return (await content(api.GET("/api/v1/images/templates"))).items;
}

export async function addTemplate(body: TemplateBody): Promise<Template> {
  return content(api.POST("/api/v1/images/templates", { body }));
}

export async function changeTemplate(template_id: string, body: TemplateBody): Promise<Template> {
  return content(api.PUT("/api/v1/images/templates/{template_id}", { body, params: { path: { template_id } } }));
}

export async function dropTemplate(template_id: string): Promise<void> {
  await api.DELETE("/api/v1/images/templates/{template_id}", { params: { path: { template_id } } });
}
