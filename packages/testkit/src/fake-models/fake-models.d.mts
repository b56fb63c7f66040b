import type { FakeModels, FakeModelsOptions } from "./index.ts";

export declare function startFakeModels(options?: FakeModelsOptions): Promise<FakeModels>;
