/**
 * What a person chose for every start of a session, beside what is in force now. The row's mode and model come with the signs of life: of a session
 * of ours they may be what its agent went into by itself, and go no further. Other CLIs have the row alone, and say in it what they were told.
 */
import { effortField, type Metadata, permissionModesOf, type Session } from "@hapi/protocol";
import { keepsRecord } from "../peer/traits.ts";
import type { SessionChange } from "./store.ts";

export interface Chosen {
  permissionMode?: string | undefined;
  model?: string | null | undefined;
  effort?: string | null | undefined;
}

export function chosenOf(session: Session): Chosen {
  const { metadata, permissionMode, model } = session;
  const effort = session[effortField(metadata?.flavor)];
  if (!keepsRecord(metadata)) return { permissionMode, model, effort };
  // One of an older version says nothing of the model.
  return {
    permissionMode: metadata.preferredPermissionMode,
    model: metadata.preferredModel === undefined ? model : metadata.preferredModel,
    effort: metadata.preferredEffort === undefined ? effort : metadata.preferredEffort,
  };
}

/** As a session is started with it. */
export const effortOf = (session: Session): { effort?: string; modelReasoningEffort?: string } => {
  const { effort } = chosenOf(session);
  return effort == null ? {} : { [effortField(session.metadata?.flavor)]: effort };
};

/** Written down at once: a session that is killed before it says so itself, or that does not run, starts with it. */
export function withChoice(metadata: Metadata | null, { permissionMode, model, effort }: Chosen): Metadata | null {
  if (!keepsRecord(metadata)) return metadata;
  return {
    ...metadata,
    ...(permissionMode === undefined ? {} : { preferredPermissionMode: permissionMode }),
    ...(model === undefined ? {} : { preferredModel: model }),
    ...(effort === undefined ? {} : { preferredEffort: effort }),
  };
}

/** Nothing is in force in a session that ended: its row says what it will be started with. */
export function atRest(session: Session): SessionChange {
  const { metadata } = session;
  if (!keepsRecord(metadata)) return {};
  const { permissionMode = permissionModesOf(metadata.flavor)[0], model, effort } = chosenOf(session);
  const field = effortField(metadata.flavor);
  return {
    ...(session.permissionMode === undefined || session.permissionMode === permissionMode ? {} : { permissionMode }),
    ...(model === undefined || model === session.model ? {} : { model }),
    ...(effort === undefined || effort === session[field] ? {} : { [field]: effort }),
  };
}
