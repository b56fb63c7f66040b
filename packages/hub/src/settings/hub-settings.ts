/** Hub settings in the shared `settings.json`. */
import { loadSettings, updateSettings } from "@hapi/platform";

export type HubSettings = { sessionSummaryContract: boolean; sessionSummaryInChat: boolean };

/** Kept in `settings.json`, shared with other installations on the same home. */
export interface HubSettingsStore {
  read(): HubSettings;
  write(change: Partial<HubSettings>): Promise<HubSettings>;
}

export function fileHubSettings(home: string): HubSettingsStore {
  const read = (values: Record<string, unknown>): HubSettings => ({
    sessionSummaryContract: values["sessionSummaryContract"] === true,
    sessionSummaryInChat: values["sessionSummaryInChat"] === true,
  });
  return {
    read: () => read(loadSettings(home)),
    write: async (change) => read(await updateSettings(home, () => change)),
  };
}
