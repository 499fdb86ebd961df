/** Where arrow keys lead on the board, and how a card's keys are read. Pure. */
import type { Status } from "../vocabulary";

interface Stop {
  status: Status;
  items: readonly { card_id: string }[];
}

const STEPS: Record<string, readonly [x: number, y: number]> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export const stepOf = (key: string): readonly [x: number, y: number] | undefined => STEPS[key];

/** The card an arrow key leads to from another: up and down a column, left and right to the next one that has cards. */
export function neighbour(columns: readonly Stop[], cardId: string, step: readonly [x: number, y: number]): string | null {
  let x = columns.findIndex((column) => column.items.some((card) => card.card_id === cardId));
  if (x < 0) return null;
  const y = columns[x]!.items.findIndex((card) => card.card_id === cardId);
  do x += step[0];
  while (step[0] !== 0 && columns[x]?.items.length === 0);
  const items = columns[x]?.items;
  return items?.[Math.min(y + step[1], items.length - 1)]?.card_id ?? null;
}

/** The column beside another one, or null at the edge. */
export function columnBeside(columns: readonly Stop[], status: Status, by: number): Status | null {
  return columns[columns.findIndex((column) => column.status === status) + by]?.status ?? null;
}
