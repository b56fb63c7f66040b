/** Which of the phone's three levels an address is on. Only the top level shows the bottom bar. */
export type Level = "top" | "session" | "detail";

const TOP = new Set(["/", "/inbox", "/machines", "/more"]);

export function levelOf(pathname: string): Level {
  const path = pathname.length > 1 ? pathname.replace(/\/+$/, "") : pathname;
  if (TOP.has(path)) return "top";
  return path.split("/").length > 3 ? "detail" : "session";
}
