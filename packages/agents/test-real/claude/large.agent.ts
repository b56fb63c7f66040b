/** Prompts as large as they come: what Claude says to them, and that nothing on the way holds them, or the session, for ever. */
import { randomBytes } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { expect, test } from "bun:test";
import { createRig } from "./rig.ts";

const MB = 1 << 20;

/** Measured on 2.1.329: it reads a line of any length, says it again on its stdout, and refuses by itself what no context holds. */
test.each([3, 12, 40])(
  "a prompt of %p MB: Claude says that it is too long, and takes the next one",
  async (mb) => {
    await using rig = await createRig();
    await rig.start();
    await rig.conversation.prompt({ localId: "large", text: "word ".repeat((mb * MB) / 5), attachments: [] });
    const refused = await rig.record("turn-ended");
    expect(refused).toMatchObject({ outcome: "failed", failure: { message: "Prompt is too long" }, localIds: ["large"] });
    expect(rig.requests()).toEqual([]);
    await rig.conversation.interrupt();
    const from = rig.mark();
    await rig.conversation.prompt({ localId: "next", text: "/context", attachments: [] });
    await rig.record("turn-ended", undefined, from);
  },
  480_000,
);

/** Noise doesn't shrink: as large in its file as in memory. */
function png(side: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(side);
  header.writeUInt32BE(side, 4);
  const rows = Buffer.concat(Array.from({ length: side }, () => Buffer.concat([Buffer.from([0]), randomBytes(side * 3)])));
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows, { level: 1 })), chunk("IEND", Buffer.alloc(0))]);
}

test("three pictures of 4 MB each: longer together than anything that the host keeps at once", async () => {
  await using rig = await createRig();
  await rig.start();
  const attachments = [1, 2, 3].map((n) => {
    const path = join(rig.sessionDir, `noise-${n}.png`);
    writeFileSync(path, png(1_180));
    const { size } = statSync(path);
    expect(size).toBeGreaterThan(4 * 1_000_000);
    return { id: `a${n}`, filename: `noise-${n}.png`, mimeType: "image/png", size, path };
  });
  await rig.conversation.prompt({ localId: "pictures", text: "look", attachments });
  expect(await rig.record("turn-ended")).toMatchObject({ outcome: "completed", localIds: ["pictures"] });
}, 480_000);
