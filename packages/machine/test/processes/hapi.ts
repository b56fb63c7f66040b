/** The doors these tests need, without the rest of the CLI: every process runs this file, each loads only its own part. */
const [door = "", ...words] = process.argv.slice(2);

async function run(): Promise<number> {
  switch (door) {
    case "__host":
      return (await import("@hapi/host")).runHost(words);
    case "__session":
      if (words[0] === "settle") return (await import("../../src/session/settle.ts")).settleSession(words[1] ?? "", process.env);
      return (await import("../../src/session/run.ts")).runSessionProcess(process.env);
    case "hook": {
      const { runHookBridge } = await import("../../src/session/hook-bridge.ts");
      return runHookBridge(words, { stdin: process.stdin, stdout: process.stdout, env: process.env });
    }
    case "demo": {
      const program = (await import("@hapi/agents/demo")).demoProgram(words);
      return program ? program() : 2;
    }
    case "view": {
      const { readHostAddress, runViewer } = await import("@hapi/host");
      const end = await runViewer({ ...readHostAddress(words[0] ?? "")!, stdin: process.stdin, stdout: process.stdout });
      if (end.message) process.stdout.write(`${end.message}\r\n`);
      return end.exitCode;
    }
    case "runner": {
      const { createLogger } = await import("@hapi/platform");
      const log = createLogger({ name: "runner", file: words[0] ?? "" });
      await (await import("../../src/runner/run-runner.ts")).runRunner({ env: process.env, version: "0.0.0", workspaceRoots: [], log });
      process.stdout.write("ready\n");
      return new Promise(() => undefined);
    }
    case "hub": {
      const hub = await (await import("@hapi/hub")).startHub({ home: words[0], port: Number(words[1]), token: words[2] });
      process.stdout.write(`${hub.port}\n`);
      return new Promise(() => undefined);
    }
    default:
      throw new Error(`no such door: ${door}`);
  }
}

process.exit(await run());

export {};
