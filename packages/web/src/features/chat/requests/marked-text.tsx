/** Text that a person is asked to allow: see `marked-text.model.ts`. */
import { useMemo } from "react";
import { useT } from "../../../i18n/index.ts";
import { piecesOf } from "./marked-text.model.ts";

const MARK = "rounded-control whitespace-nowrap bg-waiting-wash px-1 font-sans text-small text-waiting";

export function MarkedText({ text }: { text: string }) {
  const t = useT();
  const pieces = useMemo(() => piecesOf(text), [text]);
  return pieces.map((piece, at) => {
    if (piece.kind === "text") return <bdi key={at}>{piece.text}</bdi>;
    if (piece.kind === "sign")
      return (
        <span key={at} title={t("request.sign")} className={MARK}>
          {piece.code}
        </span>
      );
    const isLines = piece.kind === "blank-lines";
    return (
      <span key={at} className={isLines ? "my-1 block" : undefined}>
        <span className={MARK}>⋯ {t(isLines ? "request.blankLines" : "request.spaces", { count: piece.count })}</span>
      </span>
    );
  });
}
