/** The width a chart has, so that it is drawn at its real size and lines and letters keep theirs. */
import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";

export function useWidth(place: Ref<HTMLElement | null>, first: number, least: number): Ref<number> {
  const width = ref(first);
  let watcher: ResizeObserver | undefined;
  onMounted(() => {
    watcher = new ResizeObserver(([entry]) => {
      if (entry) width.value = Math.max(least, entry.contentRect.width);
    });
    if (place.value) watcher.observe(place.value);
  });
  onBeforeUnmount(() => watcher?.disconnect());
  return width;
}
