/** Questions that were asked, and what was answered. */
import { memo } from "react";
import type { ToolItem } from "@hapi/core";
import { OutputText } from "./output-text.tsx";
import { askedQuestions } from "./question.model.ts";

export const QuestionBody = memo(function QuestionBody({ item }: { item: ToolItem }) {
  return (
    <>
      <ul className="flex flex-col gap-1">
        {askedQuestions(item.input).map((question) => (
          <li key={question} dir="auto" className="wrap-any">
            {question}
          </li>
        ))}
      </ul>
      <OutputText text={item.output ?? ""} />
    </>
  );
});
