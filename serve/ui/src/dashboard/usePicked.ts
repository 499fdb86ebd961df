/** Which of a chart's figures is looked at: the pointer points, arrow keys move, Enter opens. */
import { ref, type Ref } from "vue";

export interface Picked {
  /** Its index; null: none. */
  picked: Ref<number | null>;
  move: (event: KeyboardEvent) => void;
}

/**
 * @param count - how many figures there are
 * @param open - leads to what is behind one
 */
export function usePicked(count: () => number, open: (index: number | null) => void): Picked {
  const picked = ref<number | null>(null);

  function move(event: KeyboardEvent): void {
    const last = count() - 1;
    const from = picked.value ?? last + 1;
    if (event.key === "Enter") return open(picked.value);
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape") picked.value = null;
    if (to === undefined) return;
    event.preventDefault();
    picked.value = Math.min(last, Math.max(0, to));
  }

  return { picked, move };
}
