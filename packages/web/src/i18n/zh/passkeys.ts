/** Words of passkeys, in Chinese. */
import type { CatalogOf } from "../index.ts";
import type { passkeys as source } from "../en/passkeys.ts";

export const passkeys = {
  "passkeys.signIn": "用通行密钥登录",
  "passkeys.none": "没有使用通行密钥。如果浏览器没有列出，请用一次性代码登录，然后在“设置”→“设备”里添加。",
  "passkeys.title": "通行密钥",
  "passkeys.empty": "还没有。通行密钥用指纹、面容或解锁码登录，保存在此设备或安全密钥上。",
  "passkeys.unavailable": "{host} 上不能使用：通行密钥需要带 TLS 的域名，或中枢本机的名称。",
  "passkeys.unsupported": "此浏览器无法创建通行密钥。",
  "passkeys.failed": "无法读取你的通行密钥：{reason}",
  "passkeys.add": "添加通行密钥",
  "passkeys.add.body": "浏览器会询问保存在哪里。能解锁那台设备或密钥的人都能以管理员身份登录，请按保存位置命名。",
  "passkeys.add.go": "继续",
  "passkeys.name": "名称",
  "passkeys.change": "更改",
  "passkeys.change.title": "通行密钥",
  "passkeys.save": "保存",
  "passkeys.delete": "删除",
  "passkeys.delete.body": "删除后无法再用它登录。用它登录过的设备仍保持登录：请在列表中撤销。也请在浏览器或手机的设置里删除它。",
  "passkeys.deleted": "已删除“{name}”",
  "passkeys.added": "已添加“{name}”",
  "passkeys.made": "添加于",
  "passkeys.used": "上次使用",
  "passkeys.unused": "从未使用",
  "passkeys.at": "用于 {host}",
  "passkeys.synced": "已同步",
  "passkeys.prove.title": "是你本人吗？",
  "passkeys.prove.body": "这项操作影响很大，所以中枢要先看到通行密钥。之后五分钟内不再询问。",
  "passkeys.prove.use": "使用通行密钥",
  "passkeys.prove.none": "没有使用通行密钥，因此还没有执行任何操作。",
  "passkeys.known": "此设备或密钥已有此中枢的通行密钥。",
} satisfies CatalogOf<typeof source>;
