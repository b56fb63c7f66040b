/**
 * The database, step by step: entry N brings `user_version` from N to N + 1 and is never edited after it was released.
 * Sessions are referenced by their small integer `pk`, so that the hot indexes of `messages` stay narrow.
 */
export const migrations: readonly string[] = [
  `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE sessions (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  namespace TEXT NOT NULL,
  tag TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  metadata TEXT,
  metadata_version INTEGER NOT NULL DEFAULT 1,
  agent_state TEXT,
  agent_state_version INTEGER NOT NULL DEFAULT 1,
  model TEXT,
  model_reasoning_effort TEXT,
  effort TEXT,
  service_tier TEXT,
  permission_mode TEXT,
  pinned TEXT NOT NULL DEFAULT 'none',
  active INTEGER NOT NULL DEFAULT 0,
  active_at INTEGER NOT NULL,
  active_until INTEGER NOT NULL DEFAULT 0,
  thinking INTEGER NOT NULL DEFAULT 0,
  thinking_at INTEGER NOT NULL,
  turn_started_at INTEGER,
  todos TEXT,
  todos_updated_at INTEGER,
  has_content INTEGER NOT NULL DEFAULT 0,
  last_seq INTEGER NOT NULL DEFAULT 0,
  last_at INTEGER NOT NULL DEFAULT 0,
  merged_into TEXT
);
CREATE INDEX sessions_by_tag ON sessions (namespace, tag);
CREATE INDEX sessions_by_update ON sessions (namespace, updated_at);
CREATE INDEX sessions_active ON sessions (active) WHERE active = 1;

CREATE TABLE aliases (
  alias TEXT PRIMARY KEY,
  session_id TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX aliases_by_session ON aliases (session_id);

CREATE TABLE messages (
  session_pk INTEGER NOT NULL REFERENCES sessions (pk) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL UNIQUE,
  key TEXT,
  local_id TEXT,
  content TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  invoked_at INTEGER,
  position INTEGER NOT NULL,
  scheduled_at INTEGER,
  stage TEXT,
  stage_at INTEGER,
  stage_detail TEXT,
  delivery_state TEXT NOT NULL DEFAULT 'queued',
  steered INTEGER NOT NULL DEFAULT 0,
  wake INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX messages_by_seq ON messages (session_pk, seq);
CREATE INDEX messages_by_position ON messages (session_pk, position, seq);
CREATE UNIQUE INDEX messages_by_key ON messages (session_pk, key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX messages_by_local_id ON messages (session_pk, local_id) WHERE local_id IS NOT NULL;
CREATE INDEX messages_queued ON messages (session_pk, seq) WHERE invoked_at IS NULL AND local_id IS NOT NULL;
CREATE INDEX messages_scheduled ON messages (scheduled_at) WHERE invoked_at IS NULL AND scheduled_at IS NOT NULL;

CREATE TABLE message_epochs (
  session_pk INTEGER PRIMARY KEY REFERENCES sessions (pk) ON DELETE CASCADE,
  epoch INTEGER NOT NULL
);

CREATE TABLE permission_requests (
  session_pk INTEGER NOT NULL REFERENCES sessions (pk) ON DELETE CASCADE,
  id TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  request TEXT NOT NULL,
  closed_at INTEGER,
  outcome TEXT,
  decision TEXT,
  decided_at INTEGER,
  PRIMARY KEY (session_pk, id)
) WITHOUT ROWID;
CREATE INDEX permission_requests_open ON permission_requests (session_pk) WHERE closed_at IS NULL;

CREATE TABLE machines (
  id TEXT PRIMARY KEY,
  namespace TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  metadata TEXT,
  metadata_version INTEGER NOT NULL DEFAULT 1,
  runner_state TEXT,
  runner_state_version INTEGER NOT NULL DEFAULT 1,
  active INTEGER NOT NULL DEFAULT 0,
  active_at INTEGER NOT NULL,
  active_until INTEGER NOT NULL DEFAULT 0,
  health TEXT
);
CREATE INDEX machines_by_namespace ON machines (namespace);

CREATE TABLE attachments (
  session_pk INTEGER NOT NULL REFERENCES sessions (pk) ON DELETE CASCADE,
  path TEXT NOT NULL,
  filename TEXT NOT NULL,
  mime_type TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (session_pk, path)
) WITHOUT ROWID;

CREATE TABLE log (
  namespace TEXT NOT NULL,
  seq INTEGER NOT NULL,
  type TEXT NOT NULL,
  entity TEXT NOT NULL,
  ref TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY (namespace, seq)
) WITHOUT ROWID;
CREATE TABLE log_floor (namespace TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
`,
  `
CREATE TABLE stops (
  session_id TEXT PRIMARY KEY,
  namespace TEXT NOT NULL,
  kind TEXT NOT NULL,
  reason TEXT,
  at INTEGER NOT NULL,
  held_until INTEGER NOT NULL,
  host_pid INTEGER
) WITHOUT ROWID;
CREATE INDEX stops_by_time ON stops (at);
`,
  `
CREATE TABLE forgets (
  session_id TEXT PRIMARY KEY,
  machine_id TEXT NOT NULL,
  namespace TEXT NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX forgets_by_machine ON forgets (machine_id);
CREATE INDEX forgets_by_time ON forgets (at);
`,
  // A prompt that was sent to its session once may be running there, whatever the hub hears.
  `ALTER TABLE messages ADD COLUMN sent INTEGER NOT NULL DEFAULT 0`,
  // Prompts that were taken back: their sender may not know that they came, and send them again.
  `
CREATE TABLE withdrawn (
  session_pk INTEGER NOT NULL REFERENCES sessions (pk) ON DELETE CASCADE,
  local_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (session_pk, local_id)
) WITHOUT ROWID;
`,
  // How the last turn ended, from the rows that are there; what happened before somebody could say that they saw it counts as seen.
  `
ALTER TABLE sessions ADD COLUMN last_turn TEXT;
ALTER TABLE sessions ADD COLUMN seen_at INTEGER;
UPDATE sessions SET seen_at = updated_at, last_turn = (
  SELECT json_object('turn', json_patch(
      json_object('outcome', coalesce(json_extract(content, '$.content.data.outcome'), 'completed'), 'at', position),
      json_object('code', coalesce(json_extract(content, '$.content.data.failure.cause'), json_extract(content, '$.content.data.failure.code')),
        'message', substr(json_extract(content, '$.content.data.failure.message'), 1, 300),
        'retryable', json(CASE json_type(content, '$.content.data.failure.retryable') WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' END))),
    'seq', seq, 'saidAt', created_at)
  FROM (SELECT content, position, seq, created_at FROM messages WHERE session_pk = sessions.pk ORDER BY position DESC, seq DESC LIMIT 200)
  WHERE content LIKE '%"ready"%' AND json_extract(content, '$.content.data.type') = 'ready'
    AND json_extract(content, '$.content.data.parent') IS NULL
    AND coalesce(json_extract(content, '$.content.data.outcome'), 'completed') IN ('completed', 'failed', 'interrupted')
  ORDER BY position DESC, seq DESC LIMIT 1);
UPDATE sessions SET last_turn = json_set(last_turn, '$.turn.localId', NULL) WHERE last_turn IS NOT NULL;
`,
  // Prompts that an agent has and has not begun with: what they wait for is told too.
  `CREATE INDEX messages_handed ON messages (session_pk, seq) WHERE stage IN ('handed', 'in-transcript') AND local_id IS NOT NULL`,
  // What rows mean, beside them from here on. Rows up to `facts_after` are from before: theirs are read from the row when somebody asks.
  `
CREATE TABLE facts (
  place INTEGER PRIMARY KEY,
  session_pk INTEGER NOT NULL REFERENCES sessions (pk) ON DELETE CASCADE,
  seq INTEGER,
  at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  facts TEXT NOT NULL
);
CREATE INDEX facts_by_session ON facts (session_pk, place);
CREATE TABLE fact_consumers (name TEXT PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID;
ALTER TABLE sessions ADD COLUMN facts_after INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET facts_after = last_seq;
`,
  // The last row that was work, so that nobody reads rows again to see whether there was some between two ends.
  `
ALTER TABLE sessions ADD COLUMN worked_seq INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET worked_seq = last_seq WHERE json_extract(last_turn, '$.seq') IS NOT last_seq;
`,
  // What is to be done later, in one table: deleted sessions that wait for their machine, prompts that wait for their time.
  `
CREATE TABLE jobs (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  subject TEXT,
  due INTEGER,
  data TEXT,
  put_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  claim TEXT,
  claimed_until INTEGER,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX jobs_due ON jobs (kind, due) WHERE due IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (kind, put_at) WHERE due IS NULL;
CREATE INDEX jobs_by_subject ON jobs (kind, subject) WHERE subject IS NOT NULL;
INSERT INTO jobs (kind, key, subject, data, put_at)
  SELECT 'session-forget', session_id, machine_id, json_object('namespace', namespace), at FROM forgets;
DROP TABLE forgets;
INSERT INTO jobs (kind, key, due, put_at)
  SELECT 'prompt-due', json_array(sessions.id, local_id), scheduled_at, messages.created_at
  FROM messages JOIN sessions ON sessions.pk = session_pk WHERE invoked_at IS NULL AND scheduled_at IS NOT NULL AND local_id IS NOT NULL;
`,
  // Who may come in, one by one. Of secrets only their digests.
  `
CREATE TABLE credentials (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT,
  scopes TEXT NOT NULL,
  machine_id TEXT,
  secret_hash TEXT NOT NULL,
  next_hashes TEXT NOT NULL,
  spent_hashes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  proved_at INTEGER,
  last_used_at INTEGER,
  last_used_from TEXT,
  expires_at INTEGER,
  revoked_at INTEGER
) WITHOUT ROWID;
`,
  // The public halves of passkeys.
  `
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  namespace TEXT NOT NULL,
  user_handle TEXT NOT NULL,
  name TEXT NOT NULL,
  rp_id TEXT NOT NULL,
  public_key TEXT NOT NULL,
  counter INTEGER NOT NULL,
  transports TEXT NOT NULL,
  synced INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) WITHOUT ROWID;
`,
];
