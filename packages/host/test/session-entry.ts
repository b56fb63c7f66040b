/** A session process without intelligence: runs one program on a terminal, shows it, and ends with its code. argv: a JSON `SpawnSpec`. */
import { connectHost, hostAddressFromEnv, type SpawnSpec } from "../src/index.ts";

const address = hostAddressFromEnv(process.env);
if (!address) throw new Error("no host");
const host = await connectHost(address);
const spec = JSON.parse(process.argv[2] ?? "") as SpawnSpec;
const program = await host.spawn(spec);
await host.setDisplay({ kind: "process", launchId: spec.launchId });
const exit = await program.exited;
await host.shutdown({ exitCode: exit.code ?? 1, message: "the program has ended" });
process.exit(0);
