/** What was uploaded to which session. Gone with the session. */
export interface StoredAttachment {
  path: string;
  filename: string;
  mimeType: string;
  sizeBytes: number;
}

export interface AttachmentStore {
  add(sessionId: string, attachment: StoredAttachment): Promise<void>;
  remove(sessionId: string, path: string): Promise<void>;
}
