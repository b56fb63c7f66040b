/** Reading what another program sent: tolerant, never throwing, nothing assumed. */
import { isRecord } from "@hapi/core";

export type Fields = Readonly<Record<string, unknown>>;

export const fields = (value: unknown): Fields => (isRecord(value) ? value : {});
export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
export const filled = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
export const number = (value: unknown): number | undefined => (typeof value === "number" && Number.isFinite(value) ? value : undefined);
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
