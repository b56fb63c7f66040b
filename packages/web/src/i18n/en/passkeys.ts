/** Words of passkeys, wherever one is made or asked for (`i18n/passkeys.ts` brings them). */
export const passkeys = {
  "passkeys.signIn": "Sign in with a passkey",
  "passkeys.none": "No passkey was used. If this browser shows none, sign in with a one-time code and add one under Settings, Devices.",
  "passkeys.title": "Passkeys",
  "passkeys.empty": "None yet. A passkey signs you in with your finger, face or PIN, on this device or with a security key.",
  "passkeys.unavailable": "There can be none at {host}: passkeys need a name with https, or http://localhost.",
  "passkeys.unsupported": "This browser can make none.",
  "passkeys.failed": "Your passkeys could not be read: {reason}",
  "passkeys.add": "Add a passkey",
  "passkeys.add.body":
    "Your browser asks where to keep it. Whoever unlocks that device or key can sign in as Admin, so name it after where it is kept.",
  "passkeys.add.go": "Go on",
  "passkeys.name": "Name",
  "passkeys.change": "Change",
  "passkeys.change.title": "Passkey",
  "passkeys.save": "Save",
  "passkeys.delete": "Delete it",
  "passkeys.delete.body":
    "Deleted, it signs nobody in any more. Devices that came in with it stay signed in: revoke them in the list. Delete it in your browser's or phone's settings too.",
  "passkeys.deleted": "Deleted “{name}”",
  "passkeys.added": "Added “{name}”",
  "passkeys.made": "Added",
  "passkeys.used": "last used",
  "passkeys.unused": "never used",
  "passkeys.at": "for {host}",
  "passkeys.synced": "synced",
  "passkeys.known": "This device or key has a passkey for this hub already.",
} as const;
