// Texts in whatever form the dialects carry them.

export const textOf = (content) => {
  if (content == null) return "";
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(textOf).filter(Boolean).join("\n");
  return content.text ?? content.output ?? (content.content ? textOf(content.content) : JSON.stringify(content));
};
export const parseArgs = (text) => {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return { raw: text };
  }
};

export const lines = (text) => text.replaceAll("\\n", "\n");
