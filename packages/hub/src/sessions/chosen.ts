/**
 * What a person chose for every start of a session, beside what is in force now. The row's mode and model come with the signs of life: of a session
 * of ours they may be what its agent went into by itself, and go no further. Other CLIs have the row alone, and say in it what they were told.
 */
import { type Metadata, permissionModesOf, type Session } from "@hapi/protocol";
import { keepsRecord } from "../peer/traits.ts";
import type { SessionChange } from "./store.ts";

export interface Chosen {
  permissionMode?: string | undefined;
  model?: string | null | undefined;
}

export function chosenOf({ metadata, permissionMode, model }: Session): Chosen {
  if (!keepsRecord(metadata)) return { permissionMode, model };
  // One of an older version says nothing of the model.
  return {
    permissionMode: metadata.preferredPermissionMode,
    model: metadata.preferredModel === undefined ? model : metadata.preferredModel,
  };
}

/** Written down at once: a session that is killed before it says so itself, or that does not run, starts with it. */
export function withChoice(metadata: Metadata | null, { permissionMode, model }: Chosen): Metadata | null {
  if (!keepsRecord(metadata)) return metadata;
  return {
    ...metadata,
    ...(permissionMode === undefined ? {} : { preferredPermissionMode: permissionMode }),
    ...(model === undefined ? {} : { preferredModel: model }),
  };
}

/** Nothing is in force in a session that ended: its row says what it will be started with. */
export function atRest(session: Session): SessionChange {
  const { metadata } = session;
  if (!keepsRecord(metadata)) return {};
  const { permissionMode = permissionModesOf(metadata.flavor)[0], model } = chosenOf(session);
  return {
    ...(session.permissionMode === undefined || session.permissionMode === permissionMode ? {} : { permissionMode }),
    ...(model === undefined || model === session.model ? {} : { model }),
  };
}
