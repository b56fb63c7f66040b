/** Words of the chat in Chinese. */
import type { CatalogOf } from "../index.ts";
import type { chat as source } from "../en/chat.ts";

export const chat = {
  "ui.loading": "正在加载",
  "ui.code": "代码",
  "ui.copy": "复制",
  "ui.copied": "已复制",
  "ui.table": "表格",
  "ui.image": "图片：{name}",
  "ui.showLines": { other: "显示全部 {count} 行" },
  "diff.same": "这段文字没有变化",
  "diff.label": "{path} 的改动：新增 {added} 行，删除 {removed} 行",
  "diff.counts": "新增 {added} 行，删除 {removed} 行",
  "diff.skipped": { other: "{count} 行未变" },
  "todo.pending": "待办",
  "todo.in_progress": "进行中",
  "todo.completed": "完成",
} satisfies CatalogOf<typeof source>;
