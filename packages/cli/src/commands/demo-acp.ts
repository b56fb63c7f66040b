/** `hapi demo acp`: the built-in agent on stdio, for our driver and for any other ACP client. */
import { serveDemoOnStdio } from "@hapi/agents";

export async function runDemoAcp(): Promise<number> {
  await serveDemoOnStdio(process.env);
  return 0;
}
