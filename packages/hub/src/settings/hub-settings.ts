/** Hub settings in the shared `settings.json`. */
import { loadSettings, updateSettings } from "@hapi/platform";
import type { HubSettings, HubSettingsStore } from "./routes.ts";

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
