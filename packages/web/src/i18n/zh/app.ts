/** Words of the shell in Chinese (Simplified). */
import type { CatalogOf } from "../index.ts";
import type { app as source } from "../en/app.ts";

export const app = {
  "app.skip": "跳到内容",

  "nav.back": "返回",

  "status.waiting": "等待处理",
  "status.working": "进行中",
  "status.starting": "正在启动",
  "status.retrying": "正在重试",
  "status.limited": "用量上限",
  "status.failed": "失败",
  "status.unknown": "结果不明",
  "status.background": { other: "{count} 项在后台运行" },
  "status.interrupted": "已中断",
  "status.done": "已完成",
  "status.idle": "空闲",
  "status.parked": "已休眠",
  "status.offline": "离线",
  "status.ended": "已结束",
  "status.archived": "已归档",
  "status.lastHeard": "最后联系",

  "list.untitled": "新会话",
  "punctuation.colon": "：",

  "session.open": "打开",
  "session.failed": "{what}：{reason}",

  "outbox.full": "此设备没有空间保存这条消息。请清理空间后再次发送。",
  "outbox.broken": "此设备无法保存这条消息。请再次发送；若仍失败，请复制文字并重新加载页面。",
  "steer.waits": "代理无法在当前回合接收它。它会排队等候。",

  "part.away": "这部分内容会在重新连上中枢后出现",
  "part.gone": "页面的这部分已不存在：HAPI 已更新",
  "error.detail": "{words}（{detail}）",
  "error.title": "这个页面出了问题",
  "error.body": "你的会话仍在继续。重新加载即可。",
  "error.reload": "重新加载",
  "notFound.title": "这里什么也没有",
  "notFound.body": "会话可能已被删除，或链接不完整。",
  "notFound.back": "前往会话",
} satisfies CatalogOf<typeof source>;
