/** Code: plain first, coloured when the worker is done, wrapped rather than scrolled sideways on a phone, copied with one tap. */
import { memo, type MouseEvent, useState } from "react";
import { useT } from "../i18n/index.ts";
import type { CodeLine } from "../workers/highlight-protocol.ts";
import { IconButton } from "./button.tsx";
import { copyText } from "./copy-text.ts";
import { cx } from "./cx.ts";
import { languageOf } from "./highlight.model.ts";
import { useHighlight } from "./highlight.ts";
import { showToast } from "./toast.ts";

/** Longer code shows its head and a button; the rest is not in the page until asked for. */
const HEAD_LINES = 60;

export interface CodeBlockProps {
  code: string;
  /** A fence's word or a path. */
  language?: string | null;
  /** Name for screen readers. */
  label?: string;
  /** Without a frame of its own, for use inside a card. */
  bare?: boolean;
}

export const CodeBlock = memo(function CodeBlock({ code, language, label, bare = false }: CodeBlockProps) {
  const t = useT();
  const [all, setAll] = useState(false);
  const lineCount = countLines(code);
  const cut = !all && lineCount > HEAD_LINES + 10;
  const shown = cut ? firstLines(code, HEAD_LINES) : code;
  const lines = useHighlight(shown, languageOf(language));
  return (
    <div className={cx("group/code relative", !bare && "rounded-card border border-line bg-sunken")}>
      <pre
        dir="ltr"
        aria-label={label ?? t("ui.code")}
        className="overflow-hidden p-3 pe-12 font-mono text-small wrap-any whitespace-pre-wrap"
      >
        <code>{lines ? <CodeLines lines={lines} /> : shown}</code>
      </pre>
      <CopyButton text={code} className="absolute end-0 top-0" />
      {cut && (
        <button
          type="button"
          data-folded
          onClick={() => setAll(true)}
          className="target w-full border-t border-line px-3 text-start text-small text-accent hover:bg-hover"
        >
          {t("ui.showLines", { count: lineCount })}
        </button>
      )}
    </div>
  );
});

export function CodeLines({ lines }: { lines: readonly CodeLine[] }) {
  return lines.map((line, at) => (
    <span key={at}>
      {line.map(([text, className], index) =>
        className ? (
          <span key={index} className={className}>
            {text}
          </span>
        ) : (
          text
        ),
      )}
      {at < lines.length - 1 && "\n"}
    </span>
  ));
}

export function CopyButton({ text, className }: { text: string; className?: string }) {
  const t = useT();
  const [copied, setCopied] = useState<boolean | null>(null);
  const copy = (event: MouseEvent<HTMLElement>) => {
    void copyText(text, event.currentTarget).then((isCopied) => {
      setCopied(isCopied);
      setTimeout(() => setCopied(null), isCopied ? 1500 : 4000);
      // Seen and read aloud: a button that does nothing looks broken.
      if (!isCopied) showToast({ id: "copy", tone: "idle", text: t("ui.notCopied") });
    });
  };
  return (
    <IconButton
      icon={copied === null ? "copy" : copied ? "check" : "warning"}
      label={copied === null ? t("ui.copy") : copied ? t("ui.copied") : t("ui.notCopied")}
      onClick={copy}
      className={cx(
        "text-quiet pointer-fine:opacity-0 pointer-fine:group-focus-within/code:opacity-100 pointer-fine:group-hover/code:opacity-100",
        className,
      )}
    />
  );
}

export function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return text.endsWith("\n") ? count - 1 : count;
}

export function firstLines(text: string, count: number): string {
  let end = -1;
  for (let line = 0; line < count; line += 1) {
    end = text.indexOf("\n", end + 1);
    if (end === -1) return text;
  }
  return text.slice(0, end);
}
