/** Saving a series as a file. */
import { api, type Source } from "../api/client";

/** Without it, spreadsheets take UTF-8 for something else. */
const MARK = "\ufeff";

/** "churnboard-risks-2026-11-20.csv". */
export function fileName(source: Source, lastOn: string): string {
  const series = source.path.split("/").at(-1) ?? "figures";
  return `churnboard-${series}-${lastOn}.csv`;
}

export async function saveCsv(source: Source, lastOn: string): Promise<void> {
  const text = await api.csv(source);
  const address = URL.createObjectURL(new Blob([MARK, text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName(source, lastOn);
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
